use serde::Deserialize;

use super::*;
use crate::config::problem_kind::ProblemKind;
use crate::{
    CheckReport, Code, Delivery, Info, PageReader, Registry, Result, Scope, Source, async_trait,
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
    level: Level,
    #[serde(default)]
    via: Option<Box<Tls>>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Level {
    /// As ever.
    #[default]
    Low,
    High,
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
        problems.push_if(self.limit == Some(0), || Problem::out_of_range("limit", "at least 1"));
        problems.push_if(self.limit == Some(77), || Problem::conflict("topics", "limit"));
        problems.push_if(!self.url.contains("//"), || Problem::invalid("url", "has no slashes"));
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
        const SHARE: OptionKey = OptionKey::new(
            "guest.share",
            "share",
            |text| match text.parse::<f64>() {
                Ok(share) if share.is_finite() => Ok(share.into()),
                _ => Err("a number"),
            },
            "The share.",
        )
        .with_default("0.5")
        .following(|given| given.get("limit").filter(|limit| limit.is_number()).cloned());
        &[COUNT, SHARE]
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
        ("gest.retry", "true", "gest.retry: unknown key (did you mean `guest.retry`?)"),
        ("extention", "x", "extention: unknown key (did you mean `extension`?)"),
        ("guest.zzz", "1", "guest.zzz: unknown key"),
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
fn a_mistake_hides_no_other_and_brings_none_about() {
    let whole = "not understood, expected a whole number that is not negative";
    let bearer = ("guest.auth.type", "BEARER");
    for (options, expected) in [
        // A text that is not understood hides no rule, and breaks none.
        (
            vec![("guest.retry", "yes"), ("guest.max.count", "0")],
            vec!["guest.retry: not understood, exp", "guest.max.count: out of range, exp"],
        ),
        (vec![("guest.limit", "77 or so")], vec![&format!("guest.limit: {whole}")]),
        (
            vec![("guest.tls.verify", "yes"), ("guest.tls.level", "9"), ("guest.share", "x")],
            vec![
                "guest.share: not understood, expected a number",
                "guest.tls.verify: not understood, expected true or false",
                "guest.tls.level: unknown value",
            ],
        ),
        // A wrong name hides no wrong value, and a missing key is none that was meant.
        (
            vec![("guest.max.cuont", "0")],
            vec![
                "guest.max.cuont: unknown key (did you mean `guest.max.count`?)",
                "guest.max.cuont: out of range, expected at least 1",
            ],
        ),
        (
            vec![("guest.retri", "yes")],
            vec![
                "guest.retri: unknown key (did you mean `guest.retry`?)",
                "guest.retri: not understood, expected true or false",
            ],
        ),
        (vec![("guest.limit", "1"), ("guest.limmit", "0")], vec!["guest.limmit: unknown key"]),
        // Inside JSON the place is in the option, and the key that was meant as well.
        (
            vec![("guest.tls", "{\"verfy\": true, \"via\": {\"verify\": 3}}")],
            vec![
                "guest.tls.verfy: unknown key (did you mean `verify`?)",
                "guest.tls.via.verify: wrong type: a whole number, expected true or false",
            ],
        ),
        (
            vec![("guest.tls", "{"), ("guest.tls.verify", "true")],
            vec!["guest.tls: not understood, expected a map as JSON"],
        ),
        // Each option below a key that the variant has not.
        (
            vec![
                bearer,
                ("guest.auth.config.headers.A", "s3cret"),
                ("guest.auth.config.headers.B", "s3cret"),
                ("guest.auth.config.token", "s3cret"),
            ],
            vec![
                "guest.auth.config.headers.A: unknown key",
                "guest.auth.config.headers.B: unknown key",
            ],
        ),
        (vec![bearer], vec!["guest.auth.config: missing"]),
        (
            vec![("guest.auth.type", "bearr"), ("guest.auth.config.token", "t")],
            vec!["guest.auth.type: unknown value (did you mean `bearer`?); known: none"],
        ),
    ] {
        let found = refused(&options);
        assert_eq!(found.len(), expected.len(), "{options:?}: {found:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.starts_with(expected), "{options:?}: {found}");
            assert!(!found.contains("s3cret"), "{found}");
        }
    }
}

#[test]
fn a_problem_is_at_the_option_itself_and_has_its_code() {
    let options = [("guest.tls.level", "x"), ("guest.retry", "1"), ("guest.topics", "[1]")];
    let mut options = map(&options);
    options.insert("guest.url".to_owned(), "a//b".to_owned());
    let problems = build_source::<Guest>(&options).unwrap_err();
    let found: Vec<_> = problems.iter().map(|p| (p.path.clone(), p.kind.code())).collect();
    let expected = [
        ("guest.retry".into(), Code::InvalidValue),
        ("guest.tls.level".into(), Code::UnknownValue),
        (KeyPath::key("guest.topics").at(0), Code::WrongType),
    ];
    assert_eq!(found, expected);
}

#[test]
fn words_are_taken_in_any_case() {
    let guest = built(&[
        ("guest.url", "A//B"),
        ("guest.retry", "True"),
        ("guest.tls.level", "HIGH"),
        ("guest.tls.verify", "TRUE"),
        ("guest.auth.type", "Bearer"),
        ("guest.auth.config.token", "BEARER"),
        ("guest.limit", "NULL"),
        ("type", "SOURCE"),
        ("extension", "Guest"),
    ]);
    assert_eq!((guest.url.as_str(), guest.retry, guest.limit), ("A//B", true, None));
    assert_eq!((guest.tls.level, guest.tls.verify), (Level::High, true));
    assert_eq!(guest.auth, Auth::Bearer { token: "BEARER".into() });
    let json = refused(&[("guest.tls", "{\"level\": \"HIGH\"}")]);
    assert!(json[0].starts_with("guest.tls.level: unknown value"), "{json:?}");
}

#[test]
fn a_default_follows_the_keys_that_are_given() {
    let share = |options: &[(&str, &str)]| {
        let url = [("guest.url", "a//b")];
        built(&[&url, options].concat()).share
    };
    assert_eq!(share(&[]), 0.5);
    assert_eq!(share(&[("guest.limit", "9")]), 9.0);
    assert_eq!(share(&[("guest.max.count", "9")]), 9.0);
    assert_eq!(share(&[("guest.limit", "null")]), 0.5);
    assert_eq!(share(&[("guest.limit", "9"), ("guest.share", "1")]), 1.0);
}

#[test]
fn options_of_other_engines_say_what_to_use() {
    for (name, advice) in [
        ("uri", "use `guest.url`"),
        ("guest.endpoint", "use `guest.url`"),
        ("connector", "use `extension`"),
        ("header.X-Key.Name", "use `guest.headers.X-Key.Name`"),
        ("Authorization", "use `guest.headers.Authorization`"),
        ("bearer-token", "use `guest.auth.config.token`"),
        ("scan.startup.mode", "leave it out: no option here does the same"),
    ] {
        let problems = build_source::<Guest>(&map(&[(name, "s3cret")])).unwrap_err();
        let found = problems.iter().find(|found| found.path == name.into()).unwrap();
        assert_eq!(found.to_string(), format!("{name}: {advice}"));
        assert_eq!((found.kind.code(), found.help.as_deref()), (Code::UnknownKey, Some(advice)));
        let near = advice.strip_prefix("use ").map(|option| option.replace('`', ""));
        assert_eq!(found.kind, ProblemKind::UnknownKey { near });
        // The URL is given, by another name.
        assert_eq!(problems.len() == 1, advice.contains("url"), "{problems}");
    }
    // No key here is meant: the connector has none for it.
    assert_eq!(refused(&[("max.retries", "1")]), ["max.retries: unknown key"]);
    assert_eq!(refused(&[("guest.format", "1")]), ["guest.format: unknown key"]);
    // A name of its own is no other engine's.
    let own = "headers.X: unknown key (did you mean `guest.headers.X`?)";
    assert_eq!(refused(&[("headers.X", "1")]), [own]);
    let both = refused(&[("uri", "x"), ("guest.urll", "y")]);
    assert_eq!(both.len(), 2, "{both:?}");
}

#[test]
fn a_guest_goes_through_the_same_door() {
    let mut registry = Registry::new();
    registry.add_source::<Guest>().unwrap();
    let source =
        registry.sources.build_from_options("guest", &map(&[("guest.url", "a//b")])).unwrap();
    assert_eq!(source.info().target, "a//b");
    assert_eq!(registry.sources.get("guest").unwrap().options().len(), 2);
    assert!(registry.sources.build_from_options("gust", &map(&[])).is_err());
}
