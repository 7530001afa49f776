//! The option map: a connector configured by flat text, such as the `WITH` clause of SQL.
//!
//! Every key of a configuration is an option `<connector>.<key>`, inner keys after another dot:
//! `websocket.tls.ca_file`, `websocket.headers.X-Key`. Lists and objects may also be written as JSON
//! text. A connector may add names and defaults of its own with a table of [`OptionKey`]s.

use std::collections::{BTreeMap, HashMap};

use schemars::{JsonSchema, schema_for};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::config::connector::{SinkConfig, SourceConfig};
use crate::config::decode::decode_and_check;
use crate::config::kind::ComponentKind;
pub use crate::config::option_key::{FollowKeys, OptionKey, ReadOption, boolean, text};
use crate::config::option_reader::{ReadOptions, Reader};
use crate::config::path::KeyPath;
use crate::config::problem::{Problem, Problems};
use crate::config::schema_view::SchemaView;

/// Builds the source that `options` describe. Does no I/O.
///
/// # Errors
/// All problems together, each at the option that it is about. No value is repeated.
pub fn build_source<C: SourceConfig>(
    options: &HashMap<String, String>,
) -> Result<C::Source, Problems> {
    build(ComponentKind::Source, C::NAME, C::options(), options, C::build)
}

/// Builds the sink that `options` describe; see [`build_source`].
///
/// # Errors
/// As [`build_source`].
pub fn build_sink<C: SinkConfig>(options: &HashMap<String, String>) -> Result<C::Sink, Problems> {
    build(ComponentKind::Sink, C::NAME, C::options(), options, C::build)
}

/// Builds the component of type `B` that `options` describe. Does no I/O. A connector's own factory
/// calls it; a program asks its [`Registry`](crate::Registry).
///
/// # Errors
/// All problems together, each at the option that it is about. No value is repeated.
pub fn build<T: DeserializeOwned + JsonSchema, B>(
    kind: ComponentKind,
    connector: &'static str,
    table: &'static [OptionKey],
    options: &HashMap<String, String>,
    build: impl FnOnce(T) -> Result<B, Problems>,
) -> Result<B, Problems> {
    let document = schema_for!(T).to_value();
    let options: BTreeMap<&str, &str> =
        options.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let read = Reader::new(SchemaView::new(&document), kind, connector, table).read(&options);
    let ReadOptions { config, open, names, mut problems } = read;
    let built = |config| build(config).map(Box::new);
    let checked = decode_and_check(Value::Object(config), &open, built);
    problems.extend(checked.problems.into_iter().flat_map(|problem| names.rename(problem)));
    problems.into_result()?;
    let unread = || Problem::custom(KeyPath::root(), "is not readable").into();
    checked.built.map(|built| *built).ok_or_else(unread)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::{
        CheckReport, Delivery, Info, PageReader, Registry, Result, Scope, Source, async_trait,
    };

    #[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Guest {
        url: String,
        #[serde(default)]
        retry: bool,
        #[serde(default)]
        limit: Option<u32>,
        #[serde(default)]
        share: f64,
        #[serde(default)]
        headers: BTreeMap<String, String>,
        #[serde(default)]
        topics: Vec<String>,
        #[serde(default)]
        tls: Tls,
        #[serde(default)]
        auth: Auth,
        #[serde(default, with = "crate::duration::option")]
        #[schemars(with = "Option<crate::duration::Seconds>")]
        wait: Option<std::time::Duration>,
    }

    #[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Tls {
        #[serde(default)]
        verify: bool,
        #[serde(default)]
        via: Option<Box<Tls>>,
    }

    #[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
    #[serde(tag = "type", content = "config", rename_all = "lowercase", deny_unknown_fields)]
    enum Auth {
        #[default]
        None,
        Bearer {
            token: String,
        },
        Custom {
            headers: BTreeMap<String, String>,
        },
    }

    #[derive(Debug)]
    struct Built(Guest);

    #[async_trait]
    impl Source for Built {
        fn info(&self) -> Info {
            Info::new("guest", self.0.url.clone(), Delivery::AtMostOnce)
        }

        async fn open(&self, _: &Scope) -> Result<Box<dyn PageReader>> {
            Err(crate::Error::usage("not opened in tests"))
        }

        async fn check(&self, _: &Scope) -> CheckReport {
            CheckReport::new("guest")
        }
    }

    impl SourceConfig for Guest {
        const NAME: &'static str = "guest";
        type Source = Built;

        fn build(self) -> Result<Built, Problems> {
            let mut problems = Problems::new();
            problems
                .push_if(self.limit == Some(0), || Problem::out_of_range("limit", "at least 1"));
            problems.push_if(self.limit == Some(77), || Problem::conflict("topics", "limit"));
            problems
                .push_if(!self.url.contains("//"), || Problem::invalid("url", "has no slashes"));
            problems.into_result().map(|()| Built(self))
        }

        fn options() -> &'static [OptionKey] {
            const COUNT: OptionKey = OptionKey::new(
                "guest.max.count",
                "limit",
                |text| match text {
                    "-1" => Ok(Value::Null),
                    _ => text.parse::<u32>().map(Value::from).map_err(|_| "a count"),
                },
                "The most.",
            )
            .with_default("7");
            &[COUNT]
        }
    }

    fn map(options: &[(&str, &str)]) -> HashMap<String, String> {
        options.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    fn built(options: &[(&str, &str)]) -> Guest {
        build_source::<Guest>(&map(options)).map(|built| built.0).unwrap()
    }

    fn refused(options: &[(&str, &str)]) -> Vec<String> {
        let mut options = map(options);
        options.entry("guest.url".into()).or_insert("a//b".into());
        let problems = build_source::<Guest>(&options).unwrap_err();
        problems.iter().map(Problem::to_string).collect()
    }

    #[test]
    fn every_key_is_an_option_and_text_becomes_what_the_schema_wants() {
        let guest = built(&[
            ("guest.url", "a//b"),
            ("guest.retry", "true"),
            ("guest.limit", "3"),
            ("guest.share", "0.25"),
            ("guest.headers.X-Dotted.Name", "v"),
            ("guest.topics", "[\"a\", \"b\"]"),
            ("guest.tls.verify", "true"),
            ("guest.auth.type", "bearer"),
            ("guest.auth.config.token", "t"),
            ("guest.wait", "250ms"),
            ("type", "source"),
            ("extension", "guest"),
        ]);
        assert_eq!((guest.retry, guest.limit, guest.share), (true, Some(3), 0.25));
        assert_eq!(guest.headers, [("X-Dotted.Name".to_owned(), "v".to_owned())].into());
        assert_eq!(guest.topics, ["a", "b"]);
        assert!(guest.tls.verify);
        assert_eq!(guest.auth, Auth::Bearer { token: "t".into() });
        assert_eq!(guest.wait, Some(std::time::Duration::from_millis(250)));
        let guest = built(&[
            ("guest.url", "a//b"),
            ("guest.auth.type", "custom"),
            ("guest.auth.config.headers.X", "1"),
            ("guest.headers", "{\"Y\": \"2\"}"),
        ]);
        assert_eq!(guest.auth, Auth::Custom { headers: [("X".into(), "1".into())].into() });
        assert_eq!(guest.headers.len(), 1);
    }

    #[test]
    fn a_table_adds_names_and_defaults() {
        assert_eq!(built(&[("guest.url", "a//b")]).limit, Some(7));
        assert_eq!(built(&[("guest.url", "a//b"), ("guest.max.count", "-1")]).limit, None);
        assert_eq!(built(&[("guest.url", "a//b"), ("guest.limit", "2")]).limit, Some(2));
        assert_eq!(built(&[("guest.url", "a//b"), ("guest.limit", "null")]).limit, None);
    }

    #[test]
    fn what_is_wrong_is_told_by_the_name_of_the_option_and_without_its_value() {
        let whole = "a whole number that is not negative";
        for (name, value, why) in [
            ("guest.retri", "true", "guest.retri: unknown key (did you mean `guest.retry`?)"),
            ("retry", "true", "retry: unknown key (did you mean `guest.retry`?)"),
            ("guest.tls.nothing", "1", "guest.tls.nothing: unknown key"),
            ("guest.retry", "yes", "guest.retry: not understood, expected true or false"),
            ("guest.limit", "-1", &format!("guest.limit: not understood, expected {whole}")),
            ("guest.limit", "99999999999", "guest.limit: out of range, expected a whole number"),
            ("guest.share", "NaN", "guest.share: not understood, expected a number"),
            ("guest.topics", "s3cret", "guest.topics: not understood, expected a list as JSON"),
            ("guest.topics", "[1]", "guest.topics[0]: wrong type: a whole number, expected text"),
            ("guest.max.count", "s3cret", "guest.max.count: not understood, expected a count"),
            ("guest.max.count", "0", "guest.max.count: out of range, expected at least 1"),
            ("guest.max.count", "77", "guest.topics: not together with guest.max.count"),
            ("guest.wait", "s3cret", "guest.wait: not understood, expected a duration: seconds"),
            ("guest.url", "nowhere", "guest.url: has no slashes"),
            ("type", "sink", "type: not understood, expected `source`"),
            ("extension", "kafka", "extension: not understood, expected `guest`"),
        ] {
            let problems = refused(&[(name, value)]);
            assert_eq!(problems.len(), 1, "{problems:?}");
            assert!(problems[0].starts_with(why), "{name}: {problems:?}");
            assert!(!problems[0].contains("s3cret"), "{problems:?}");
        }
        let meant = refused(&[("guest.auth.token", "s3cret")]);
        let words = "guest.auth.token: unknown key (did you mean `guest.auth.config.token`?)";
        assert_eq!(meant, [words, "guest.auth.type: missing"]);
        let meant = refused(&[("guest.tls.verfy", "true")]);
        assert!(meant[0].ends_with("(did you mean `guest.tls.verify`?)"), "{meant:?}");
        let meant = refused(&[("guest.tls.via.verfy", "true")]);
        assert!(meant[0].ends_with("(did you mean `guest.tls.via.verify`?)"), "{meant:?}");
        let twice = refused(&[("guest.limit", "1"), ("guest.max.count", "1")]);
        assert_eq!(twice, ["guest.max.count: means the same as guest.limit; give one of them"]);
    }

    #[test]
    fn an_option_that_was_given_with_a_mistake_is_not_missing() {
        let of = |options: &[(&str, &str)]| build_source::<Guest>(&map(options)).unwrap_err();
        assert_eq!(of(&[("guest.retri", "true")]).len(), 2);
        let meant = "guest.urll: unknown key (did you mean `guest.url`?)";
        assert_eq!(of(&[("guest.urll", "a//b")]).to_string(), meant);
        assert_eq!(of(&[]).to_string(), "guest.url: missing");
    }

    #[test]
    fn all_problems_are_told_together() {
        let problems = refused(&[("guest.retri", "true"), ("guest.max.count", "0")]);
        assert_eq!(problems.len(), 2, "{problems:?}");
    }

    #[test]
    fn a_guest_goes_through_the_same_door() {
        let mut registry = Registry::new();
        registry.add_source::<Guest>().unwrap();
        let source =
            registry.sources.build_from_options("guest", &map(&[("guest.url", "a//b")])).unwrap();
        assert_eq!(source.info().target, "a//b");
        assert_eq!(registry.sources.get("guest").unwrap().options().len(), 1);
        assert!(registry.sources.build_from_options("gust", &map(&[])).is_err());
    }
}
