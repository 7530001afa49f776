//! Checks the keys of the URL.

use faucet_core::{KeyPath, Problem};

use crate::plan::checker::Checker;
use crate::plan::host_pattern::HostPattern;
use crate::plan::known_names::{Allows, When};
use crate::plan::maker::template;
use crate::plan::plan::Route;
use crate::template::TextTemplate;

/// Checks `url`, `url_from`, `url_hosts`, `query` and the headers with placeholders.
pub(super) fn route(checker: &mut Checker<'_>) -> Route {
    let keys = &checker.keys.route;
    let hosts = hosts(checker);
    let url_from = keys.url_from.as_ref().and_then(|text| {
        let path = KeyPath::key("url_from");
        if checker.around.url.is_some() {
            checker.problems.push(Problem::conflict(path.clone(), "url"));
        }
        url_of_names(checker, text, &path, When::Connect)
    });
    let mut query = Vec::new();
    for (name, value) in &keys.query {
        let path = KeyPath::key("query").then(name.as_str());
        let texts = value.0.iter().filter_map(|text| used(checker, text, &path)).collect();
        query.push((name.clone(), texts));
    }
    let resume_url = checker.keys.continuity.resume.as_ref().and_then(|resume| {
        let path = KeyPath::key("resume").then("url");
        url_of_names(checker, resume.url.as_ref()?, &path, When::Later)
    });
    let url = checker.around.url.and_then(|url| {
        let parsed = used(checker, url, &KeyPath::key("url"))?;
        let is_fixed = parsed.placeholders().next().is_none();
        (!is_fixed).then_some(parsed)
    });
    let headers = headers(checker);
    Route { url_from, hosts, query, resume_url, headers, url }
}

/// Braces in headers mean something once there are names.
fn headers(checker: &mut Checker<'_>) -> Vec<(String, TextTemplate)> {
    if checker.keys.values.is_empty() && checker.keys.before_connect.is_empty() {
        return Vec::new();
    }
    let mut headers = Vec::new();
    let around = checker.around;
    for (name, value) in around.headers {
        let path = KeyPath::key("headers").then(name.as_str());
        let Some(text) = used(checker, value.expose(), &path) else { continue };
        if text.placeholders().next().is_some() {
            headers.push((name.clone(), text));
        }
    }
    headers
}

/// A text with placeholders that is used when a connect is made.
fn used(checker: &mut Checker<'_>, text: &str, path: &KeyPath) -> Option<TextTemplate> {
    let text = template(text, path.clone(), checker.problems)?;
    let allows = Allows::default();
    checker.names.uses(text.placeholders(), path, When::Connect, allows, checker.problems);
    Some(text)
}

fn hosts(checker: &mut Checker<'_>) -> Vec<HostPattern> {
    let mut hosts = Vec::new();
    for (index, text) in checker.keys.route.url_hosts.iter().enumerate() {
        match HostPattern::parse(text) {
            Some(pattern) => hosts.push(pattern),
            None => {
                let path = KeyPath::key("url_hosts").at(index);
                let why = "is no host: write `host`, `*.host` or `host:port`";
                checker.problems.push(Problem::invalid(path, why));
            }
        }
    }
    hosts
}

/// A complete URL that is made of names.
pub(super) fn url_of_names(
    checker: &mut Checker<'_>,
    text: &str,
    path: &KeyPath,
    when: When,
) -> Option<TextTemplate> {
    let parsed = template(text, path.clone(), checker.problems)?;
    if parsed.placeholders().next().is_none() {
        let why = "is made of names, such as {endpoint}; a fixed URL belongs to `url`";
        checker.problems.push(Problem::invalid(path.clone(), why));
    }
    if checker.keys.route.url_hosts.is_empty() {
        let needs = Problem::needs(path.clone(), "url_hosts");
        checker.problems.push(
            needs.help("list the hosts that the URL may have: url_hosts: [\"*.example.com\"]"),
        );
    }
    checker.names.uses(parsed.placeholders(), path, when, Allows::default(), checker.problems);
    Some(parsed)
}
