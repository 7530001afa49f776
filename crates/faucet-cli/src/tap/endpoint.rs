//! The far end of a tap, made of its options.

use std::collections::BTreeMap;
use std::time::Duration;

use faucet_common_websocket::{
    Auth, Compression, ConnectOptions, Driver, Endpoint, ReconnectKeys, TlsConfig, Utf8Policy,
};
use faucet_core::{Error, KeyPath, Problem, Problems, Result, Scope, Secret, Step};

use crate::tap::args::ConnectArgs;

/// The longest wait before an attempt to connect again.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// The largest random share of extra wait.
const JITTER: f64 = 0.2;

/// Makes the far end. Does no I/O.
///
/// # Errors
/// All problems, each naming its option.
pub(crate) fn endpoint(args: &ConnectArgs, subscribe: &[String]) -> Result<Endpoint> {
    let mut options = ConnectOptions::new(args.url.clone().unwrap_or_default());
    options.request.headers = headers(args)?;
    options.request.subprotocols = args.request.subprotocol.clone();
    options.request.auth = auth(args.request.auth.as_deref())?;
    if args.request.deflate {
        options.request.compression = Compression::Deflate;
    }
    if let Some(proxy) = &args.proxy {
        options.proxy = proxy.as_str().into();
    }
    options.tls = TlsConfig {
        ca_file: args.tls.ca.clone(),
        client_cert_file: args.tls.cert.clone(),
        client_key_file: args.tls.key.clone(),
        server_name: None,
        insecure_skip_verify: args.tls.insecure,
    };
    options.reconnect = ReconnectKeys {
        reconnect: args.reconnect,
        max_backoff: Some(LONGEST_WAIT),
        jitter: JITTER,
        ..ReconnectKeys::default()
    };
    if !args.reconnect {
        options.reconnect = ReconnectKeys::default();
    }
    options.feed.invalid_utf8 = Utf8Policy::Binary;
    options.session.script.greeting = subscribe.iter().map(|text| text.as_str().into()).collect();
    let mut problems = Problems::new();
    let endpoint = options.check(&mut problems);
    let problems: Problems = problems.iter().cloned().map(|problem| named(problem, args)).collect();
    problems.into_result()?;
    endpoint.ok_or_else(|| Error::usage("there is no URL"))
}

/// Opens the connection. Reads the files of TLS.
///
/// # Errors
/// A file that cannot be used, with its option.
pub(crate) fn open(endpoint: &Endpoint, args: &ConnectArgs) -> Result<Driver> {
    let opened = endpoint.open(&Scope::new("tap"));
    let driver = opened.map_err(|error| match error.problems().is_empty() {
        true => error,
        false => {
            let problems = error.problems().iter().cloned();
            Error::config(problems.map(|problem| named(problem, args)).collect::<Problems>())
        }
    })?;
    Ok(driver.without_log())
}

fn headers(args: &ConnectArgs) -> Result<BTreeMap<String, Secret>> {
    let mut headers = BTreeMap::new();
    let mut add = |name: &str, value: &str| match headers
        .insert(name.to_owned(), Secret::from(value.to_owned()))
    {
        None => Ok(()),
        Some(_) => Err(Error::usage(format!("--header: {name:?} is given twice"))),
    };
    for header in &args.request.header {
        let (name, value) = split(header)?;
        add(name, value)?;
    }
    if let Some(origin) = &args.request.origin {
        add("Origin", origin)?;
    }
    Ok(headers)
}

/// Name and value of a header. It is not printed: it may be a secret without a name.
fn split(header: &str) -> Result<(&str, &str)> {
    match header.split_once(':') {
        Some((name, _)) if name.trim().eq_ignore_ascii_case("Sec-WebSocket-Protocol") => {
            Err(Error::usage("--header: offer subprotocols with --subprotocol"))
        }
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim(), value.trim())),
        _ => Err(Error::usage("--header: write 'Name: value'")),
    }
}

fn auth(text: Option<&str>) -> Result<Auth> {
    let Some(text) = text else { return Ok(Auth::None) };
    let Some((user, password)) = text.split_once(':') else {
        return Err(Error::usage("--auth: write 'user:password'"));
    };
    Ok(Auth::Basic { username: user.to_owned(), password: password.to_owned().into() })
}

/// The same problem at the option that gives the key.
fn named(problem: Problem, args: &ConnectArgs) -> Problem {
    // The trust store of the system, which no option of the user is about.
    let of_trust_store = problem.path == KeyPath::key("tls") && problem.hint().is_some();
    let problem = problem.map_paths(|path| option(&path, args));
    match of_trust_store {
        true => problem.help("install the CA certificates of the system, or give --ca"),
        false => problem,
    }
}

/// The option that gives a key of the source. The whole tree where the argument is the URL.
fn option(path: &KeyPath, args: &ConnectArgs) -> KeyPath {
    let within = |name: &str| match path.steps().get(1) {
        Some(Step::Index(index)) => KeyPath::key(name).at(*index),
        _ => KeyPath::key(name),
    };
    let name = match (path.first_key(), path.last_key()) {
        (Some("headers"), Some(name)) => return KeyPath::key(format!("--header {name}")),
        (Some("auth"), _) => "--auth",
        (Some("tls"), Some("ca_file")) => "--ca",
        (Some("tls"), Some("client_cert_file")) => "--cert",
        (Some("tls"), Some("client_key_file")) => "--key",
        (Some("tls"), Some("insecure_skip_verify")) => "--insecure",
        (Some("tls"), _) if args.tls.insecure => "--insecure",
        (Some("tls"), _) if args.tls.cert.is_some() => "--cert",
        (Some("tls"), _) => "--ca",
        (Some("proxy"), _) => "--proxy",
        (Some("subprotocols"), _) => return within("--subprotocol"),
        (Some("subscribe_messages"), _) => return within("--subscribe"),
        _ => return KeyPath::root(),
    };
    KeyPath::key(name)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::{Cli, Command};

    #[test]
    fn a_header_is_split_once_and_never_shown() {
        assert_eq!(split("X-Key:  a:b ").unwrap(), ("X-Key", "a:b"));
        for header in ["Bearer s3cret", ":s3cret", " : s3cret", ""] {
            assert_eq!(split(header).unwrap_err().to_string(), "--header: write 'Name: value'");
        }
        assert_eq!(auth(Some("s3cret")).unwrap_err().to_string(), "--auth: write 'user:password'");
    }

    #[test]
    fn keys_have_the_names_of_their_options() {
        let key = KeyPath::key;
        let tap = |more: &[&str]| {
            let cli = Cli::parse_from(["faucet", "tap", "ws://h/"].iter().chain(more));
            let Command::Tap(tap) = cli.command else { panic!("another command") };
            tap.connect
        };
        let given = tap(&["--insecure"]);
        assert_eq!(option(&key("tls"), &given).to_string(), "--insecure");
        for (path, expected) in [
            (key("headers").then("X-Key"), "--header X-Key"),
            (key("subprotocols").at(1), "--subprotocol[1]"),
            (key("auth").then("config").then("password"), "--auth"),
            (key("tls").then("client_key_file"), "--key"),
            (key("tls"), "--ca"),
            (key("subscribe_messages").at(2), "--subscribe[2]"),
            (key("url"), ""),
        ] {
            assert_eq!(option(&path, &tap(&[])).to_string(), expected);
        }
    }
}
