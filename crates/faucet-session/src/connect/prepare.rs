//! Makes everything that a connect needs.

use std::sync::Arc;
use std::time::SystemTime;

use faucet_connect::{Quote, Secrets};

use crate::connect::call_failed::CallFailed;
use crate::connect::dialing::Dialing;
use crate::connect::dialing_failed::DialingFailed;
use crate::connect::tools::Tools;
use crate::names::{Blocked, Book, Errand, Moment, ValueFailed};
use crate::place::Place;
use crate::plan::{CallPlan, Plan, ReadyCall, fill_url};
use crate::template::{Filling, Placeholder, Token};
use crate::values;
use crate::values::system_entropy;

/// Where a connect goes.
#[derive(Default)]
pub struct Prepared {
    /// The URL, where it is not that of the configuration as it stands; and how messages show it.
    pub url: Option<(String, String)>,
    /// The parameters to add, joined by `&`; and how messages show them.
    pub query: Option<(String, String)>,
    /// The headers whose values were filled.
    pub headers: Vec<(String, String)>,
}

/// Shows no content.
impl std::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Prepared({} headers)", self.headers.len())
    }
}

/// Values that a call brought.
pub type Taken = Vec<(Arc<str>, Token)>;

impl Dialing {
    /// Makes the calls of `before_connect` and the values of URL, query and headers. Cancel safe: a dropped
    /// future ends the calls.
    ///
    /// # Errors
    /// Why the connect cannot be made.
    pub async fn prepare(&mut self, plan: &Plan, tools: &Tools) -> Result<Prepared, DialingFailed> {
        for (index, call) in plan.calls.iter().enumerate() {
            let place = Place::Call(index);
            self.make(&call.placeholders()).await?;
            let ready = call.fill(&self.book);
            let ready = ready.map_err(|why| DialingFailed::Unfilled { place, why })?;
            let shown = format!("{ready:?}");
            let secrets = Secrets::default().with(self.book.secrets());
            let taken = plan.calls[index].make(ready, tools, &self.book, &secrets).await;
            let taken = taken.map_err(|why| DialingFailed::Call { place, shown, why })?;
            for (name, token) in taken {
                self.book.take(name, token);
            }
        }
        let placeholders = plan.route_placeholders();
        self.make(&placeholders.iter().collect::<Vec<_>>()).await?;
        if let Some(path) = &plan.reading.dictionary {
            let bytes =
                values::read_file_bytes(path.as_ref()).await.map_err(DialingFailed::Dictionary)?;
            self.dictionary = Some(bytes.into());
        }
        self.route(plan)
    }

    /// Makes values, one call after the other.
    async fn make(&mut self, placeholders: &[&Placeholder]) -> Result<(), ValueFailed> {
        loop {
            let made = {
                let mut entropy = system_entropy;
                let mut moment = Moment { wall: SystemTime::now(), entropy: &mut entropy };
                self.book.make(placeholders.iter().copied(), &mut moment)
            };
            match made {
                Ok(()) => return Ok(()),
                Err(Blocked::Failed(why)) => return Err(why),
                Err(Blocked::Errand(errand)) => {
                    let secrets = Secrets::default().with(self.book.secrets());
                    let token = run(&errand, &secrets).await?;
                    self.book.bring(Arc::clone(&errand.name), token);
                }
            }
        }
    }

    fn route(&self, plan: &Plan) -> Result<Prepared, DialingFailed> {
        let place = Place::Connect;
        let unfilled = |why| DialingFailed::Unfilled { place, why };
        let names: &Book = &self.book;
        let route = &plan.route;
        let from_outside = |key: &'static str, url: String| {
            plan.check_url(&url).map_err(|why| DialingFailed::Url { key, why })?;
            let shown = shown_origin(&url);
            Ok::<_, DialingFailed>((url, shown))
        };
        let mut prepared = Prepared::default();
        if let Some(url) = self.next_url.clone() {
            // The URL of a rule is complete: no parameter is added.
            prepared.url = Some(from_outside("control", url)?);
        } else if let (true, Some(text)) = (self.resumes, &route.resume_url) {
            // Without values for the names the connect is as the first.
            if let Ok(Some(url)) = text.fill(names) {
                prepared.url = Some(from_outside("resume.url", url)?);
            }
        }
        if prepared.url.is_none() {
            if let Some(text) = &route.url_from {
                let url = text.fill(names).map_err(unfilled)?.unwrap_or_default();
                prepared.url = Some(from_outside("url_from", url)?);
            } else if let Some(text) = &route.url {
                let url = fill_url(text, names).map_err(unfilled)?;
                let shown = fill_url(text, &Hidden(names)).map_err(unfilled)?;
                prepared.url = Some((url, shown));
            }
        }
        if self.next_url.is_none() && !route.query.is_empty() {
            prepared.query = Some(plan.query(names).map_err(unfilled)?);
        }
        for (name, text) in &route.headers {
            let value = text.fill_line(names).map_err(unfilled)?;
            prepared.headers.extend(value.map(|value| (name.clone(), value)));
        }
        Ok(prepared)
    }
}

/// Runs the errand of a value.
///
/// # Errors
/// The file or the program brought no value.
pub async fn run(errand: &Errand, secrets: &Secrets) -> Result<Token, ValueFailed> {
    let failed = |why| ValueFailed { name: Arc::clone(&errand.name), why };
    errand.run(secrets).await.map_err(failed)
}

/// Names whose secrets are hidden.
struct Hidden<'a>(&'a Book);

impl Filling for Hidden<'_> {
    fn token(&self, of: &crate::template::Reference) -> Option<std::borrow::Cow<'_, Token>> {
        let token = Filling::token(self.0, of)?;
        Some(if token.is_secret() { std::borrow::Cow::Owned(Token::text("___")) } else { token })
    }
}

/// Scheme, host and port of a URL from outside: path and query may be secrets.
fn shown_origin(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    format!("{scheme}://{authority}/***")
}

impl CallPlan {
    /// Makes the call and takes values out of the answer.
    ///
    /// # Errors
    /// There is no answer, or the answer is not as expected.
    pub(crate) async fn make(
        &self,
        ready: ReadyCall,
        tools: &Tools,
        names: &Book,
        secrets: &Secrets,
    ) -> Result<Taken, CallFailed> {
        let (status, retry_after, body) = send(ready, tools).await?;
        let quote = || Quote::new(&String::from_utf8_lossy(&body[..body.len().min(2048)]), secrets);
        if !self.status.contains(&status) {
            return Err(CallFailed::Status { status, retry_after, words: quote() });
        }
        let is_json = faucet_core::json::check(&body).is_ok();
        if let Some(expect) = &self.expect {
            let expect =
                expect.fill(names).map_err(|why| CallFailed::Unsendable(why.to_string()))?;
            if !expect.matches(faucet_core::select::Message::unchecked(&body)) {
                return Err(CallFailed::Refused(quote()));
            }
        }
        let take = |(name, pointer): &(Arc<str>, faucet_core::select::Pointer)| {
            let value = is_json.then(|| pointer.read(&body)).flatten();
            let token = value.and_then(|value| Token::of_json(&value));
            let token = token.filter(|token| !token.is_null());
            let token = token.ok_or_else(|| CallFailed::NotTaken(pointer.clone()))?;
            Ok((Arc::clone(name), token.secret()))
        };
        self.take.iter().map(take).collect()
    }
}

type Answered = (u16, Option<std::time::Duration>, bytes::Bytes);

#[cfg(not(feature = "http"))]
async fn send(_: ReadyCall, _: &Tools) -> Result<Answered, CallFailed> {
    Err(CallFailed::NoClient)
}

#[cfg(feature = "http")]
async fn send(ready: ReadyCall, tools: &Tools) -> Result<Answered, CallFailed> {
    use crate::http::{HttpCall, HttpUrl};

    let Some(client) = &tools.http else { return Err(CallFailed::NoClient) };
    let unsendable = |why: String| CallFailed::Unsendable(why);
    let url = HttpUrl::parse(&ready.url).map_err(|fault| unsendable(format!("the URL {fault}")))?;
    let mut headers = http::HeaderMap::new();
    for (name, value) in &ready.headers {
        let bad = |what: &str| unsendable(format!("the header {name} has {what}"));
        let parsed =
            http::HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad("a bad name"))?;
        let mut value =
            http::HeaderValue::from_str(value).map_err(|_| bad("a value that cannot be sent"))?;
        value.set_sensitive(true);
        headers.insert(parsed, value);
    }
    let call = HttpCall {
        method: ready.method,
        url,
        shown: ready.shown,
        headers,
        body: ready.body.map(bytes::Bytes::from),
        timeout: ready.timeout,
    };
    let answer = client.send(call).await.map_err(CallFailed::Http)?;
    let retry_after = answer.retry_after(SystemTime::now());
    Ok((answer.status, retry_after, answer.body))
}
