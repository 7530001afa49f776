//! URLs with placeholders.

use std::collections::BTreeMap;

use faucet_core::{Scope, Secret};

use crate::url::{UrlTemplate, WsUrl};
use crate::url_text::UrlText;

/// A text that nobody may see where it stands in the place of a secret.
const CANARY: &str = "canary";

/// Checks and fills a URL. The first line is the URL, the rest is the value of every placeholder.
///
/// # Panics
/// - A URL that was accepted cannot stand in a request.
/// - A value of a placeholder changes anything but the text in its place.
/// - A secret is shown.
pub fn url(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (text, value) = text.split_once('\n').unwrap_or((text, "x"));
    let url = UrlText::from(text);
    let checked = url.check();
    let is_secret = holds_secret(text);
    let shows = |shown: &str| assert!(!is_secret || !shown.contains(CANARY), "{shown}");
    shows(&format!("{url:?}"));
    match &checked {
        Err(problem) => shows(&problem.to_string()),
        Ok(template) => {
            shows(&template.redacted());
            assert_redacted(&template.redacted());
            let plain = assert_fills(template, "x");
            let filled = assert_fills(template, value);
            if let Some(plain) = &plain {
                shows(plain.redacted());
            }
            if let (Some(plain), Some(filled)) = (plain, filled) {
                assert_same_place(&plain, &filled);
            }
        }
    }
}

/// Whether the canary stands in the user info or in a value of the query, and nowhere else.
fn holds_secret(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let (authority, resource) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let (info, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (path, query) = resource.split_once('?').unwrap_or((resource, ""));
    let keys = query.split('&').filter_map(|pair| pair.split_once('=')).map(|(key, _)| key);
    let shown = [scheme, host, path].into_iter().chain(keys).any(|part| part.contains(CANARY));
    !shown && (info.contains(CANARY) || query.contains(CANARY))
}

/// Resolves the URL with `value` in every place. `None`: the value is refused.
fn assert_fills(template: &UrlTemplate, value: &str) -> Option<WsUrl> {
    let names = template.as_str().split(['{', '}']);
    let values: BTreeMap<String, String> =
        names.map(|name| (name.to_owned(), value.to_owned())).collect();
    let url = template.resolve(&Scope::new("fuzz").with_values(values)).ok()?;
    let visible = |text: &str| text.bytes().all(|byte| (0x21..=0x7e).contains(&byte));
    assert!(url.resource().starts_with('/') && visible(url.resource()), "{}", url.resource());
    let host = url.host_header();
    assert!(!host.is_empty() && visible(&host) && !host.contains(['/', '@', '?', '#']), "{host}");
    assert!(!url.host().is_empty() && url.port() != 0);
    assert_redacted(url.redacted());
    Some(url)
}

/// No user info, and no value in the query.
fn assert_redacted(shown: &str) {
    let (_, rest) = shown.split_once("://").expect("a scheme");
    let (authority, resource) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    assert!(!authority.contains('@'), "{shown}");
    let Some((_, query)) = resource.split_once('?') else { return };
    let hidden = |pair: &str| matches!(pair, "" | "***") || pair.ends_with("=***");
    assert!(query.split('&').all(hidden), "{shown}");
}

/// Both URLs lead to the same place, and their paths and queries have the same shape.
fn assert_same_place(one: &WsUrl, other: &WsUrl) {
    assert_eq!(
        (one.is_tls(), one.host(), one.port()),
        (other.is_tls(), other.host(), other.port())
    );
    let info = |url: &WsUrl| url.user_info().map(|(user, password)| (user, exposed(&password)));
    assert_eq!(info(one), info(other));
    for separator in ['/', '?', '&', '=', '#', ';'] {
        let count = |url: &WsUrl| url.resource().matches(separator).count();
        assert_eq!(count(one), count(other), "{separator} in {one:?} and {other:?}");
    }
}

fn exposed(secret: &Secret) -> String {
    secret.expose().to_owned()
}
