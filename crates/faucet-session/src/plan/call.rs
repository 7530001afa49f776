//! An HTTP call, parsed.

use std::time::Duration;

use faucet_core::{KeyPath, Problem, Problems};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use crate::keys::{HttpMethod, HttpRequest};
use crate::plan::host_pattern::is_loopback;
use crate::plan::maker::{needs_http, template};
use crate::plan::match_template::MatchTemplate;
use crate::plan::takes::Takes;
use crate::template::{Filling, Placeholder, TextTemplate, TreeTemplate, Unfilled};

/// The characters of a value that are escaped: all but the unreserved ones (RFC 3986 §2.3).
pub(crate) const VALUE: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// An HTTP call, parsed.
#[derive(Debug)]
pub(crate) struct CallPlan {
    pub(crate) method: HttpMethod,
    pub(crate) url: TextTemplate,
    pub(crate) headers: Vec<(String, TextTemplate)>,
    pub(crate) body: Option<Body>,
    pub(crate) status: Vec<u16>,
    pub(crate) expect: Option<MatchTemplate>,
    pub(crate) take: Takes,
    pub(crate) timeout: Duration,
}

/// The body of a call.
#[derive(Debug)]
pub(crate) enum Body {
    Json(TreeTemplate),
    Text(TextTemplate),
}

/// A call with all of its values. `Debug` shows the method and the redacted URL.
pub struct ReadyCall {
    /// The method.
    pub method: HttpMethod,
    /// The URL.
    pub url: String,
    /// The URL for messages.
    pub shown: String,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<Vec<u8>>,
    /// How long the call may take.
    pub timeout: Duration,
}

impl std::fmt::Debug for ReadyCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method.as_str(), self.shown)
    }
}

impl CallPlan {
    /// Parses the call at `path`, noting every problem. `key` is the key that needs the feature.
    pub(crate) fn parse(
        request: &HttpRequest,
        path: &KeyPath,
        key: &'static str,
        problems: &mut Problems,
    ) -> Option<Self> {
        let at = |key: &'static str| path.clone().then(key);
        if cfg!(not(feature = "http")) {
            problems.push(needs_http(path.clone(), key));
        }
        check_url(&request.url, &at("url"), problems);
        let url = template(&request.url, at("url"), problems);
        let mut headers = Vec::new();
        for (name, text) in &request.headers {
            let place = at("headers").then(name.as_str());
            if http::HeaderName::from_bytes(name.as_bytes()).is_err() {
                problems.push(Problem::invalid(place.clone(), "is no name of a header"));
            }
            headers.extend(
                template(text.0.expose(), place, problems).map(|text| (name.clone(), text)),
            );
        }
        let body = match (&request.json, &request.body) {
            (Some(_), Some(_)) => {
                problems.push(Problem::conflict(at("json"), at("body")));
                None
            }
            (Some(tree), None) => match TreeTemplate::parse(tree) {
                Ok(tree) => Some(Body::Json(tree)),
                Err(error) => {
                    problems.push(Problem::invalid(at("json"), error.to_string()));
                    None
                }
            },
            (None, Some(text)) => template(text.0.expose(), at("body"), problems).map(Body::Text),
            (None, None) => None,
        };
        if request.status.is_empty() || request.status.iter().any(|s| !(100..=599).contains(s)) {
            problems.push(Problem::out_of_range(at("status"), "statuses from 100 to 599"));
        }
        let expect = request
            .expect
            .as_ref()
            .and_then(|expect| MatchTemplate::parse(expect, &at("expect"), problems));
        let mut times = Problems::new();
        faucet_core::duration::check("timeout", Some(request.timeout), &mut times);
        problems.extend(times.into_iter().map(|problem| problem.under(path)));
        let take = request.take.iter().map(|(name, place)| (name.as_str().into(), place.clone()));
        Some(Self {
            method: request.method,
            url: url?,
            headers,
            body,
            status: request.status.clone(),
            expect,
            take: take.collect(),
            timeout: request.timeout,
        })
    }

    /// The placeholders in order.
    pub(crate) fn placeholders(&self) -> Vec<&Placeholder> {
        self.texts(&KeyPath::root()).into_iter().flat_map(|(_, found)| found).collect()
    }

    /// The placeholders of each text of the call that stands at `path`.
    pub(crate) fn texts(&self, path: &KeyPath) -> Vec<(KeyPath, Vec<&Placeholder>)> {
        let at = |key: &'static str| path.clone().then(key);
        let mut found = vec![(at("url"), self.url.placeholders().collect())];
        for (name, text) in &self.headers {
            found.push((at("headers").then(name.as_str()), text.placeholders().collect()));
        }
        match &self.body {
            Some(Body::Json(tree)) => found.push((at("json"), tree.placeholders())),
            Some(Body::Text(text)) => found.push((at("body"), text.placeholders().collect())),
            None => {}
        }
        found
    }

    /// The call with its values.
    ///
    /// # Errors
    /// A placeholder without a value, or a value that may not stand in a header or a URL.
    pub(crate) fn fill(&self, names: &dyn Filling) -> Result<ReadyCall, Unfilled> {
        let url = fill_url(&self.url, names)?;
        let mut headers = Vec::new();
        for (name, text) in &self.headers {
            headers.extend(text.fill_line(names)?.map(|value| (name.clone(), value)));
        }
        let body = match &self.body {
            Some(Body::Json(tree)) => {
                let mut json = String::new();
                tree.fill(names, &mut json)?;
                let is_given =
                    |(name, _): &(String, String)| name.eq_ignore_ascii_case("content-type");
                if !headers.iter().any(is_given) {
                    headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
                }
                Some(json.into_bytes())
            }
            Some(Body::Text(text)) => text.fill(names)?.map(String::into_bytes),
            None => None,
        };
        let shown = shown(&self.url);
        Ok(ReadyCall { method: self.method, url, shown, headers, body, timeout: self.timeout })
    }
}

/// Fills a URL whose placeholders stand behind its host; values are percent-encoded.
pub(crate) fn fill_url(url: &TextTemplate, names: &dyn Filling) -> Result<String, Unfilled> {
    let mut out = String::new();
    url.fill_with(names, &mut out, &mut |out, placeholder, token| {
        let words = token.words();
        if matches!(words, "." | "..") {
            return Err(Unfilled::Dots(placeholder.to_string()));
        }
        out.extend(utf8_percent_encode(words, VALUE));
        Ok(())
    })?;
    Ok(out)
}

/// The URL for messages: placeholders stay, and of a query only its names.
fn shown(url: &TextTemplate) -> String {
    let text = url.to_string();
    let text = text.split('#').next().unwrap_or_default();
    match text.split_once('?') {
        Some((front, query)) => {
            let names = query.split('&').map(|pair| pair.split('=').next().unwrap_or_default());
            format!(
                "{front}?{}",
                names.map(|name| format!("{name}=***")).collect::<Vec<_>>().join("&")
            )
        }
        None => text.to_owned(),
    }
}

/// A call goes to `https`, or to this machine. Placeholders stand behind the host.
fn check_url(text: &str, at: &KeyPath, problems: &mut Problems) {
    let mut refuse = |why: &str| problems.push(Problem::invalid(at.clone(), why));
    let Some((scheme, rest)) = text.split_once("://") else {
        return refuse("must begin with https://");
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains(['{', '}']) {
        return refuse("{placeholders} may stand in the path and the query only");
    }
    match Url::parse(&format!("{scheme}://{authority}/")) {
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            refuse("must not have a user; write an Authorization header");
        }
        Ok(url) if url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url)) => {}
        Ok(_) => refuse("must begin with https:// (http:// is for this machine only)"),
        Err(_) => refuse("is not a valid URL"),
    }
}
