//! The option map: a connector configured by flat text, such as the `WITH` clause of SQL.
//!
//! Every key of a configuration is an option `<connector>.<key>`, inner keys after another dot:
//! `websocket.tls.ca_file`, `websocket.headers.X-Key`. Lists and objects may also be written as JSON
//! text. A connector may add names and defaults of its own with a table of [`OptionKey`]s.

use std::collections::{BTreeMap, HashMap};

use schemars::{JsonSchema, schema_for};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::config::decode_and_build;
use crate::option_reader::Reader;
use crate::schema::Schemas;
use crate::{Kind, Problems, Result, Sink, SinkConfig, Source, SourceConfig};

/// A name that the option map has beside `<connector>.<key>`, or a default that only it has.
#[derive(Debug, Clone, Copy)]
pub struct OptionKey {
    /// The whole name, such as `websocket.reconnect.delay.ms`.
    pub name: &'static str,
    /// The key of the configuration that it sets.
    pub key: &'static str,
    /// Reads the text; the error says what to write and does not repeat the text.
    pub read: fn(&str) -> Result<Value, String>,
    /// The text that stands for the key where it is not given, if not the key's own default does.
    pub default: Option<&'static str>,
    /// What it means, in a line.
    pub help: &'static str,
}

/// Reads any text as it is.
pub fn text(text: &str) -> Result<Value, String> {
    Ok(Value::String(text.to_owned()))
}

/// Reads `true` or `false`.
pub fn boolean(text: &str) -> Result<Value, String> {
    text.parse().map(Value::Bool).map_err(|_| "write true or false".to_owned())
}

/// Builds the source that `options` describe. Does no I/O.
///
/// # Errors
/// All problems together, each beginning with the option it is about. No value is repeated.
pub fn build_source<C: SourceConfig>(options: &HashMap<String, String>) -> Result<C::Source> {
    build(Kind::Source, C::NAME, C::options(), options, C::build)
}

/// Builds the sink that `options` describe; see [`build_source`].
pub fn build_sink<C: SinkConfig>(options: &HashMap<String, String>) -> Result<C::Sink> {
    build(Kind::Sink, C::NAME, C::options(), options, C::build)
}

/// What a registry holds for every source, ours or a guest's.
pub(crate) fn boxed_source<C: SourceConfig>(
    options: &HashMap<String, String>,
) -> Result<Box<dyn Source>> {
    Ok(Box::new(build_source::<C>(options)?))
}

/// What a registry holds for every sink, ours or a guest's.
pub(crate) fn boxed_sink<C: SinkConfig>(
    options: &HashMap<String, String>,
) -> Result<Box<dyn Sink>> {
    Ok(Box::new(build_sink::<C>(options)?))
}

fn build<T: DeserializeOwned + JsonSchema, B>(
    kind: Kind,
    connector: &'static str,
    table: &'static [OptionKey],
    options: &HashMap<String, String>,
    build: impl FnOnce(T) -> Result<B>,
) -> Result<B> {
    let schema = schema_for!(T).to_value();
    let mut reader = Reader {
        schemas: Schemas { root: &schema },
        kind,
        connector,
        table,
        config: Map::new(),
        given: BTreeMap::new(),
        problems: Problems::new(),
    };
    let sorted: BTreeMap<&String, &String> = options.iter().collect();
    for (name, text) in sorted {
        reader.take(name, text);
    }
    reader.fill_defaults();
    let Reader { config, given, mut problems, schemas, .. } = reader;
    match decode_and_build(Value::Object(config), build) {
        Ok(built) => return problems.into_result().map(|()| built),
        Err(error) => {
            for problem in error.problems() {
                let problem = renamed(problem, connector, &given, &schemas);
                // What was given with a mistake is not missing.
                let option = problem.strip_suffix(MISSING);
                if !option.is_some_and(|option| problems.mention(option)) {
                    problems.push(problem);
                }
            }
        }
    }
    Err(match problems.into_result() {
        Err(error) => error,
        Ok(()) => crate::Error::config("the options are not readable"),
    })
}

const MISSING: &str = ": must be given";

/// A problem of a key as one of the option that set it.
fn renamed(
    problem: &str,
    connector: &str,
    given: &BTreeMap<String, String>,
    schemas: &Schemas<'_>,
) -> String {
    let (problem, missing) = match problem.strip_prefix("missing field `") {
        Some(rest) => (rest.trim_end_matches('`'), true),
        None => (problem, false),
    };
    let end = problem.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let (key, rest) = problem.split_at(end.unwrap_or(problem.len()));
    if schemas.property(schemas.root, key).next().is_none() {
        return problem.to_owned();
    }
    let option = given.get(key).cloned().unwrap_or_else(|| format!("{connector}.{key}"));
    // Other keys, too, are known by the options that set them.
    let named = |words: &str| -> String {
        let other = |word: &&str| *word != key;
        let option = |word| Some(word).filter(other).and_then(|word| given.get(word));
        let words = words.split(' ').map(|word| option(word).map_or(word, String::as_str));
        words.collect::<Vec<_>>().join(" ")
    };
    let rest = &named(rest);
    match rest.chars().next() {
        _ if missing => format!("{option}{MISSING}"),
        Some(':' | '.' | '[') => format!("{option}{rest}"),
        _ => format!("{option}: {problem}"),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::{CheckReport, Delivery, Info, PageReader, Registry, RunContext, async_trait};

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

    struct Built(Guest);

    #[async_trait]
    impl Source for Built {
        fn info(&self) -> Info {
            Info::new("guest", self.0.url.clone(), Delivery::AtMostOnce)
        }

        async fn open(&self, _: &RunContext) -> Result<Box<dyn PageReader>> {
            Err(crate::Error::config("not opened in tests"))
        }

        async fn check(&self, _: &RunContext) -> CheckReport {
            CheckReport::new("guest")
        }
    }

    impl SourceConfig for Guest {
        const NAME: &'static str = "guest";
        type Source = Built;

        fn build(self) -> Result<Built> {
            let mut problems = Problems::new();
            problems.push_if(self.limit == Some(0), "limit: must not be 0");
            problems.push_if(self.limit == Some(77), "topics: must be more than limit is");
            problems.push_if(!self.url.contains("//"), "url must have slashes");
            problems.into_result().map(|()| Built(self))
        }

        fn options() -> &'static [OptionKey] {
            &[OptionKey {
                name: "guest.max.count",
                key: "limit",
                read: |text| match text {
                    "-1" => Ok(Value::Null),
                    _ => text.parse::<u32>().map(Value::from).map_err(|_| "write a count".into()),
                },
                default: Some("7"),
                help: "The most.",
            }]
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
        let Err(error) = build_source::<Guest>(&options) else { panic!("built") };
        error.problems().map(str::to_owned).collect()
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
        for (name, value, why) in [
            ("guest.retri", "1", "guest.retri: unknown option (did you mean `guest.retry`?)"),
            ("retry", "1", "retry: unknown option (did you mean `guest.retry`?)"),
            ("guest.tls.nothing", "1", "guest.tls.nothing: unknown option"),
            ("guest.retry", "yes", "guest.retry: write true or false"),
            ("guest.limit", "-1", "guest.limit: write a whole number that is not negative"),
            ("guest.limit", "99999999999", "guest.limit: invalid value: integer, expected a whole"),
            ("guest.share", "NaN", "guest.share: write a number"),
            ("guest.topics", "s3cret", "guest.topics: write a list as JSON"),
            ("guest.topics", "[1]", "guest.topics[0]: invalid type: integer, expected a string"),
            ("guest.max.count", "s3cret", "guest.max.count: write a count"),
            ("guest.max.count", "0", "guest.max.count: must not be 0"),
            ("guest.max.count", "77", "guest.topics: must be more than guest.max.count is"),
            ("guest.wait", "s3cret", "guest.wait: "),
            ("guest.url", "nowhere", "guest.url: url must have slashes"),
            ("type", "sink", "type: must be source here"),
            ("extension", "kafka", "extension: must be guest here"),
        ] {
            let problems = refused(&[(name, value)]);
            assert_eq!(problems.len(), 1, "{problems:?}");
            assert!(problems[0].starts_with(why), "{name}: {problems:?}");
            assert!(name == "guest.wait" || !problems[0].contains("s3cret"), "{problems:?}");
        }
        let meant = refused(&[("guest.auth.token", "s3cret")]);
        let words = "guest.auth.token: unknown option (did you mean `guest.auth.config.token`?)";
        assert!(meant[0] == words && meant.len() == 1, "{meant:?}");
        let meant = refused(&[("guest.tls.verfy", "true")]);
        assert!(meant[0].ends_with("(did you mean `guest.tls.verify`?)"), "{meant:?}");
        let meant = refused(&[("guest.tls.via.verfy", "true")]);
        assert!(meant[0].ends_with("(did you mean `guest.tls.via.verify`?)"), "{meant:?}");
        let twice = refused(&[("guest.limit", "1"), ("guest.max.count", "1")]);
        assert_eq!(twice, ["guest.max.count: means the same as guest.limit; give one of them"]);
        let Err(error) = build_source::<Guest>(&map(&[("guest.retri", "1")])) else { panic!() };
        let problems: Vec<&str> = error.problems().collect();
        assert_eq!((problems.len(), problems[1]), (2, "guest.url: must be given"));
        let Err(error) = build_source::<Guest>(&map(&[("guest.urll", "1")])) else { panic!() };
        assert_eq!(error.problems().count(), 1, "{error}");
        let Err(error) = build_source::<Guest>(&map(&[])) else { panic!() };
        assert_eq!(error.to_string(), "guest.url: must be given");
    }

    #[test]
    fn all_problems_are_told_together() {
        let problems = refused(&[("guest.retri", "1"), ("guest.max.count", "0")]);
        assert_eq!(problems.len(), 2, "{problems:?}");
    }

    #[test]
    fn a_guest_goes_through_the_same_door() {
        let mut registry = Registry::new();
        registry.add_source::<Guest>().unwrap();
        let source = registry.source_from_options("guest", &map(&[("guest.url", "a//b")])).unwrap();
        assert_eq!(source.info().target, "a//b");
        assert_eq!(registry.get(Kind::Source, "guest").unwrap().options().len(), 1);
        assert!(registry.source_from_options("gust", &map(&[])).is_err());
    }
}
