//! The proxy variables of an environment.

use std::fmt;

use faucet_core::{KeyPath, Problem};

use crate::dial::Destination;
use crate::proxy::bypass::{Bypass, is_local};
use crate::proxy::url::{ProxyUrl, ProxyUrlFault};

/// The proxy variables of an environment: `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, or
/// the same in lower case. `Debug` shows their names only.
#[derive(Clone, Default)]
pub struct ProxyEnvironment {
    plain: Option<Variable>,
    tls: Option<Variable>,
    all: Option<Variable>,
    bypass: Bypass,
}

#[derive(Clone)]
struct Variable {
    name: &'static str,
    value: String,
}

impl ProxyEnvironment {
    /// The environment of the process as it is now.
    pub fn of_process() -> Self {
        Self::new(|name| std::env::var(name).ok())
    }

    /// The environment that `read` brings by the name of a variable. An empty value is none. The name in
    /// capitals goes first.
    pub fn new(read: impl Fn(&str) -> Option<String>) -> Self {
        let variable = |names: [&'static str; 2]| {
            names.into_iter().find_map(|name| {
                let value = read(name).filter(|value| !value.trim().is_empty())?;
                Some(Variable { name, value })
            })
        };
        let bypass = variable(["NO_PROXY", "no_proxy"]);
        Self {
            plain: variable(["HTTP_PROXY", "http_proxy"]),
            tls: variable(["HTTPS_PROXY", "https_proxy"]),
            all: variable(["ALL_PROXY", "all_proxy"]),
            bypass: bypass.map(|list| Bypass::parse(&list.value)).unwrap_or_default(),
        }
    }

    /// The proxy for a far end, with the name of its variable. `None` for this machine, and where no
    /// variable names a proxy.
    ///
    /// # Errors
    /// A variable that is not the URL of a proxy. The problem is at `path`, the key that asked for the
    /// environment.
    pub fn proxy_for(
        &self,
        to: &Destination,
        path: &KeyPath,
    ) -> Result<Option<(ProxyUrl, &'static str)>, Problem> {
        if is_local(&to.host) || self.bypass.covers(to) {
            return Ok(None);
        }
        let of_scheme = if to.tls { &self.tls } else { &self.plain };
        let Some(Variable { name, value }) = of_scheme.as_ref().or(self.all.as_ref()) else {
            return Ok(None);
        };
        let value = value.trim();
        // By custom, a proxy without a scheme is one of HTTP.
        let url = match value.contains("://") {
            true => ProxyUrl::parse(value),
            false => ProxyUrl::parse(&format!("http://{value}")),
        };
        let wrong = |fault: ProxyUrlFault| {
            let remedy = fault.advice().unwrap_or("correct the variable");
            Problem::invalid(path.clone(), format!("the environment variable {name} {fault}"))
                .help(format!("{remedy}, or set proxy: none to connect without a proxy"))
        };
        url.map(|url| Some((url, *name))).map_err(wrong)
    }
}

impl fmt::Debug for ProxyEnvironment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let set = [&self.plain, &self.tls, &self.all].into_iter().flatten();
        f.debug_list().entries(set.map(|variable| variable.name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> ProxyEnvironment {
        let find = |name: &str| variables.iter().find(|(known, _)| *known == name);
        ProxyEnvironment::new(|name| find(name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn each_scheme_has_its_variable() {
        const HTTP: (&str, &str) = ("HTTP_PROXY", "http://plain:1");
        const HTTPS: (&str, &str) = ("HTTPS_PROXY", "tls:2");
        const ALL: (&str, &str) = ("ALL_PROXY", "socks5h://all:3");
        let plain = Some("http://plain:1 HTTP_PROXY");
        let tls = Some("http://tls:2 HTTPS_PROXY");
        let all = Some("socks5h://all:3 ALL_PROXY");
        for (variables, host, is_tls, expected) in [
            (&[][..], "feed.test", true, None),
            (&[HTTP, HTTPS, ALL], "feed.test", false, plain),
            (&[HTTP, HTTPS, ALL], "feed.test", true, tls),
            (&[HTTP, ALL], "feed.test", true, all),
            (&[HTTP], "feed.test", true, None),
            (
                &[("http_proxy", "http://low:4")],
                "feed.test",
                false,
                Some("http://low:4 http_proxy"),
            ),
            (&[("http_proxy", "http://low:4"), HTTP], "feed.test", false, plain),
            (&[("HTTP_PROXY", "name")], "feed.test", false, Some("http://name:80 HTTP_PROXY")),
            (&[("HTTP_PROXY", ""), ALL], "feed.test", false, all),
            (&[HTTP, ("no_proxy", "x.test,feed.test")], "feed.test", false, None),
            (&[HTTP, ("NO_PROXY", "other.test")], "feed.test", false, plain),
            (&[HTTP, HTTPS, ALL], "127.0.0.1", true, None),
            (&[HTTP, HTTPS, ALL], "localhost", false, None),
        ] {
            let to = Destination::new(host, 80, is_tls);
            let found = environment(variables).proxy_for(&to, &"proxy".into()).unwrap();
            let found = found.map(|(url, variable)| format!("{url} {variable}"));
            assert_eq!(found.as_deref(), expected, "{variables:?} {host}");
        }
    }

    #[test]
    fn a_variable_that_is_no_url_is_named_without_its_value() {
        let to = Destination::new("feed.test", 443, true);
        for (value, words, help) in [
            ("socks4://u:s3cret@h", "must start with", "correct the variable, or"),
            ("http://u:s3cret%0A@h", "has a password that has a line break", "remove it where"),
        ] {
            let environment = environment(&[("HTTPS_PROXY", value)]);
            let problem = format!("{:#}", environment.proxy_for(&to, &"proxy".into()).unwrap_err());
            let begin = format!("proxy: the environment variable HTTPS_PROXY {words}");
            assert!(problem.starts_with(&begin) && problem.contains(help), "{problem}");
            assert!(problem.contains("proxy: none") && !problem.contains("s3cret"), "{problem}");
            assert_eq!(format!("{environment:?}"), "[\"HTTPS_PROXY\"]");
            let other = Destination::new("feed.test", 80, false);
            assert!(environment.proxy_for(&other, &"proxy".into()).unwrap().is_none());
        }
    }
}
