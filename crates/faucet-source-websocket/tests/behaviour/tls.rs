//! `wss://`: faults 6 and 21 to 23 of the catalogue.

use std::collections::VecDeque;
use std::error::Error as _;
use std::fs;
use std::io;
use std::sync::{Arc, Mutex};

use faucet_core::{Ended, ErrorKind, Scope, Source};
use faucet_testkit::{End, Identity, Script, ScriptedServer, TestCa};
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::*;

/// A test authority, and PEM files.
struct Files {
    ca: TestCa,
    dir: TempDir,
}

impl Files {
    fn new() -> Self {
        let files = Self { ca: TestCa::new(), dir: TempDir::new().unwrap() };
        files.write("ca.pem", &files.ca.pem());
        files
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.dir.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// The `tls` section that trusts the authority, and `more` of it.
    fn trusting(&self, more: Value) -> Value {
        let ca_file = self.dir.path().join("ca.pem");
        json!({"tls": with(json!({"ca_file": ca_file}), more)})
    }

    /// The keys of a client certificate of `ca`.
    fn client_of(&self, ca: &TestCa, name: &str) -> Value {
        let client = ca.client(name);
        json!({
            "client_cert_file": self.write(&format!("{name}.pem"), client.cert_pem()),
            "client_key_file": self.write(&format!("{name}.key"), client.key_pem()),
        })
    }
}

fn one_record() -> Script {
    Script::accept().send_text("1").close(1000, "")
}

async fn serve(identity: &Identity) -> ScriptedServer {
    ScriptedServer::start_tls([one_record()], identity.server_config()).await
}

#[tokio::test]
async fn a_private_authority_is_trusted_by_its_file_and_only_then() {
    let files = Files::new();
    let server = serve(&files.ca.good()).await;
    let told = run(&source(&server.url(), files.trusting(json!({})))).await;
    assert_eq!((told.texts(), told.ended()), (vec!["1".to_owned()], Ended::Closed));

    let told = run(&source(&server.url(), json!({}))).await;
    assert!(told.error().to_string().ends_with("certificate verify failed: unknown issuer"));
}

#[tokio::test]
async fn a_self_signed_certificate_is_trusted_by_its_file_unless_it_is_an_authoritys() {
    let file = tempfile::NamedTempFile::new().unwrap();
    for (identity, trusted) in
        [(TestCa::self_signed(), true), (TestCa::self_signed_authority(), false)]
    {
        fs::write(file.path(), identity.cert_pem()).unwrap();
        let server = serve(&identity).await;
        let keys = json!({"tls": {"ca_file": file.path()}});
        let told = run(&source(&server.url(), keys)).await;
        if trusted {
            assert_eq!(told.ended(), Ended::Closed);
        } else {
            let error = told.error();
            assert!(error.to_string().contains("verify failed: self-signed: a CA's"), "{error}");
            assert!(error.hint().unwrap().contains("CA:FALSE"), "{error:?}");
        }
    }
}

#[tokio::test]
async fn a_bad_certificate_is_fatal_and_its_fault_is_named() {
    let files = Files::new();
    for (identity, fault) in [
        (files.ca.expired(), "expired"),
        (files.ca.not_yet_valid(), "not valid yet"),
        (files.ca.wrong_name(), "not valid for name"),
        (TestCa::self_signed(), "unknown issuer"),
        (TestCa::new().good(), "unknown issuer"),
    ] {
        let server = serve(&identity).await;
        let keys = files.trusting(json!({}));
        let told = run(&source(&server.url(), with(keys, json!({"reconnect": true})))).await;
        let error = told.error();
        assert_eq!(
            error.to_string(),
            format!(
                "Failed to connect to WebSocket {}: certificate verify failed: {fault}",
                server.url()
            )
        );
        assert_eq!((error.kind(), error.phase()), (ErrorKind::Tls, Some("tls")));
        assert!(error.hint().unwrap().contains("tls.ca_file"), "{error:?}");
        let mut causes = std::iter::successors(error.source(), |cause| (*cause).source());
        let cause = causes.find_map(|cause| cause.downcast_ref::<io::Error>()).unwrap();
        let of_rustls = cause.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>());
        assert!(
            matches!(of_rustls, Some(rustls::Error::InvalidCertificate(_))),
            "the cause is that of the TLS library: {of_rustls:?}"
        );
        let seen = server.until(|all| all[0].end.is_some()).await;
        assert!(matches!(&seen[..], [only] if matches!(only.end, Some(End::Tls(_)))), "{seen:?}");
    }
}

/// Shows these certificates, one after the other, the last one again and again.
#[derive(Debug)]
struct Changing(Mutex<VecDeque<Arc<CertifiedKey>>>);

impl ResolvesServerCert for Changing {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let mut left = self.0.lock().unwrap();
        if left.len() > 1 { left.pop_front() } else { left.front().cloned() }
    }
}

fn changing(identities: &[Identity]) -> Arc<ServerConfig> {
    let certified = |identity: &Identity| {
        let (chain, key) = identity.der();
        Arc::new(CertifiedKey::from_der(chain, key, &default_provider()).unwrap())
    };
    let certs = Changing(Mutex::new(identities.iter().map(certified).collect()));
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(certs));
    // A resumed session would show no certificate.
    config.send_tls13_tickets = 0;
    Arc::new(config)
}

#[tokio::test]
async fn a_certificate_that_goes_bad_later_gets_one_more_try() {
    let files = Files::new();
    let up = Script::accept().send_text("1").hang_up();
    for (identities, connects, ends_well) in [
        (vec![files.ca.good(), files.ca.expired()], 3, false),
        (vec![files.ca.good(), files.ca.expired(), files.ca.good()], 3, true),
    ] {
        let server = ScriptedServer::start_tls([up.clone()], changing(&identities)).await;
        let keys = with(files.trusting(json!({})), json!({"max_messages": 2}));
        let told = run(&source(&server.url(), reconnecting(keys))).await;
        assert_eq!(server.connections().len(), connects);
        if ends_well {
            assert_eq!(told.ended(), Ended::MaxRecords);
            continue;
        }
        assert_eq!(told.texts(), ["1"]);
        let message = told.error().to_string();
        assert!(
            message.contains("certificate verify failed: expired; 2 such ends within "),
            "{message}"
        );
    }
}

#[tokio::test]
async fn another_name_can_be_expected_than_the_urls() {
    let files = Files::new();
    let server = serve(&files.ca.wrong_name()).await;
    let keys = files.trusting(json!({"server_name": "elsewhere.example"}));
    assert_eq!(run(&source(&server.url(), keys)).await.texts(), ["1"]);

    let server = serve(&files.ca.good()).await;
    let keys = files.trusting(json!({"server_name": "elsewhere.example"}));
    let told = run(&source(&server.url(), keys)).await;
    assert!(told.error().to_string().ends_with("not valid for name"), "{:?}", told.error());
}

#[tokio::test]
async fn skipping_verification_takes_any_certificate_and_warns_on_every_connect() {
    let files = Files::new();
    for identity in [files.ca.expired(), files.ca.wrong_name(), TestCa::self_signed()] {
        let logs = Logs::collect();
        let server = serve(&identity).await;
        let keys = json!({"tls": {"insecure_skip_verify": true}, "max_messages": 3});
        let told = run(&source(&server.url(), reconnecting(keys))).await;
        assert_eq!(told.texts(), ["1", "1", "1"]);
        let warnings = logs.lines();
        let warnings = warnings.iter().filter(|line| {
            line.starts_with("WARN")
                && line.contains("the certificate of the server is not verified")
        });
        assert_eq!(warnings.count(), 3);
    }
}

#[tokio::test]
async fn a_server_that_wants_a_client_certificate_gets_it_or_ends_the_run() {
    let files = Files::new();
    let config = files.ca.good().server_config_for_clients_of(&files.ca);
    let server = ScriptedServer::start_tls([one_record()], config).await;
    let ours = files.trusting(files.client_of(&files.ca, "tester"));
    assert_eq!(run(&source(&server.url(), ours)).await.texts(), ["1"]);

    let strange = files.trusting(files.client_of(&TestCa::new(), "stranger"));
    for (keys, connects) in [(files.trusting(json!({})), 2), (strange, 3)] {
        let told = run(&source(&server.url(), reconnecting(keys))).await;
        let error = told.error();
        assert_eq!(error.kind(), ErrorKind::Tls, "{error}");
        assert!(error.to_string().contains(": TLS handshake failed: "), "{error}");
        assert!(error.hint().unwrap().contains("tls.client_cert_file"), "{error:?}");
        assert_eq!(server.connections().len(), connects, "no second try");
    }
}

#[tokio::test]
async fn a_server_of_another_protocol_is_fatal() {
    let files = Files::new();
    let mut config = ServerConfig::clone(&files.ca.good().server_config());
    config.alpn_protocols = vec![b"h2".to_vec()];
    let server = ScriptedServer::start_tls([one_record()], Arc::new(config)).await;
    let told = run(&source(&server.url(), reconnecting(files.trusting(json!({}))))).await;
    let error = told.error();
    assert!(error.to_string().contains(": TLS handshake failed: "), "{error}");
    assert_eq!((error.kind(), server.connections().len()), (ErrorKind::Tls, 1));
}

#[tokio::test]
async fn the_wrong_scheme_is_fatal_and_the_right_one_is_named() {
    let files = Files::new();
    let tls = serve(&files.ca.good()).await;
    let plain =
        ScriptedServer::start([Script::garbage("HTTP/1.1 400 Bad Request\r\n\r\n").stall()]).await;
    for (server, url, kind, phase, hint) in [
        (&tls, tls.url().replace("wss", "ws"), ErrorKind::Protocol, "upgrade", "use wss://"),
        (&plain, plain.url().replace("ws", "wss"), ErrorKind::Tls, "tls", "use ws://"),
    ] {
        let told = run(&source(&url, json!({"reconnect": true}))).await;
        let error = told.error();
        assert!(error.hint().unwrap().contains(hint), "{error:?}");
        assert_eq!((error.kind(), error.phase()), (kind, Some(phase)), "{error:?}");
        assert_eq!(server.connections().len(), 1);
    }
}

#[tokio::test]
async fn an_end_without_close_notify_is_a_drop_and_loses_nothing() {
    let files = Files::new();
    let cut = Script::accept().send_text("1").send_text("2").cut();
    let server = ScriptedServer::start_tls([cut], files.ca.good().server_config()).await;
    let told = run(&source(&server.url(), files.trusting(json!({})))).await;
    assert_eq!(told.texts(), ["1", "2"]);
    assert_eq!(told.error().kind(), ErrorKind::Closed);
    assert!(told.error().is_retryable(), "{:?}", told.error());

    let keys = with(files.trusting(json!({})), json!({"max_messages": 5}));
    let told = run(&source(&server.url(), reconnecting(keys))).await;
    assert_eq!(told.texts(), ["1", "2", "1", "2", "1"]);
    assert_eq!(told.reconnects(), 2);
}

#[tokio::test]
async fn files_that_cannot_be_read_are_a_matter_of_configuration() {
    let files = Files::new();
    let server = serve(&files.ca.good()).await;
    let empty = files.write("empty.pem", "");
    let client = files.client_of(&files.ca, "tester");
    for (tls, key) in [
        (json!({"ca_file": "/nowhere/ca.pem"}), "tls.ca_file: cannot read /nowhere/ca.pem: "),
        (json!({"ca_file": empty}), "tls.ca_file: "),
        (with(client.clone(), json!({"client_cert_file": empty})), "tls.client_cert_file: "),
        (with(client, json!({"client_key_file": empty})), "tls.client_key_file: "),
    ] {
        let source = source(&server.url(), json!({"tls": tls}));
        let error = source.open(&Scope::default()).await.err().unwrap();
        assert!(error.to_string().starts_with(key), "{error}");
        assert_eq!((error.kind(), server.connections().len()), (ErrorKind::Config, 0));
    }
}

#[tokio::test]
async fn a_certificate_of_version_one_is_named_unless_verification_is_off() {
    let files = Files::new();
    let identity = files.ca.version_one();
    let server = serve(&identity).await;
    for keys in [files.trusting(json!({})), json!({})] {
        let told = run(&source(&server.url(), keys)).await;
        let error = told.error();
        assert!(error.to_string().contains("verify failed: the certificate is X.509 version 1"));
        let hint = error.hint().unwrap();
        assert!(hint.contains("subjectAltName") && !hint.contains("ca_file"), "{hint}");
        assert_eq!(error.kind(), ErrorKind::Tls);
    }
    let told = run(&source(&server.url(), json!({"tls": {"insecure_skip_verify": true}}))).await;
    assert_eq!(told.texts(), ["1"]);
}

#[tokio::test]
async fn a_server_must_have_the_key_of_its_certificate_of_version_one() {
    let ca = TestCa::new();
    let ((chain, own), (_, strange)) = (ca.version_one().der(), ca.version_one().der());
    for versions in [&[&rustls::version::TLS12], &[&rustls::version::TLS13]] {
        for (key, reached) in [(own.clone_key(), true), (strange.clone_key(), false)] {
            let provider = Arc::new(default_provider());
            let key = provider.key_provider.load_private_key(key).unwrap();
            let certified = SingleCertAndKey::from(CertifiedKey::new(chain.clone(), key));
            let config = ServerConfig::builder_with_provider(provider)
                .with_protocol_versions(versions)
                .unwrap()
                .with_no_client_auth()
                .with_cert_resolver(Arc::new(certified));
            let server = ScriptedServer::start_tls([one_record()], Arc::new(config)).await;
            let keys = json!({"tls": {"insecure_skip_verify": true}});
            let told = run(&source(&server.url(), keys)).await;
            match reached {
                true => assert_eq!(told.texts(), ["1"]),
                false => assert!(told.error().to_string().contains("bad signature"), "{told:?}"),
            }
        }
    }
}

#[tokio::test]
async fn an_authority_of_version_one_is_trusted_by_its_file() {
    let ca = TestCa::new();
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), ca.version_one_pem()).unwrap();
    let server = serve(&ca.good()).await;
    let keys = json!({"tls": {"ca_file": file.path()}});
    assert_eq!(run(&source(&server.url(), keys)).await.texts(), ["1"]);
}

/// A PKCS#12 file as far as its form is looked at: version 3, and the data.
const PKCS12: &[u8] = &[0x30, 5, 2, 1, 3, 0x30, 0];

#[tokio::test]
async fn a_file_in_another_form_is_named_with_the_command_that_converts_it() {
    let files = Files::new();
    let server = serve(&files.ca.good()).await;
    let client = files.client_of(&files.ca, "tester");
    let other = files.client_of(&files.ca, "other");
    let (chain, key) = (&client["client_cert_file"], &client["client_key_file"]);
    let put = |name: &str, bytes: &[u8]| {
        let path = files.dir.path().join(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let pkcs12 = put("client.p12", PKCS12);
    let (der, der_key) = files.ca.client("der").der();
    let (der, der_key) = (put("cert.der", &der[0]), put("key.der", der_key.secret_der()));
    let encrypted =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let encrypted = put("encrypted.pem", encrypted.as_bytes());
    let old = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n\
               MAA=\n-----END RSA PRIVATE KEY-----\n";
    let old = put("old.pem", old.as_bytes());
    let crl = put("crl.pem", b"-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n");
    let version_one = put("one.pem", files.ca.version_one().cert_pem().as_bytes());
    for (tls, at, what, hint) in [
        (
            json!({"client_key_file": encrypted}),
            "client_key_file",
            "is encrypted",
            "`openssl pkey -in ",
        ),
        (json!({"client_key_file": old}), "client_key_file", "is encrypted", "`openssl pkey -in "),
        (
            json!({"client_key_file": pkcs12}),
            "client_key_file",
            "is PKCS#12, not PEM",
            "client.p12 -nocerts -nodes -out key.pem`",
        ),
        (
            json!({"client_cert_file": pkcs12}),
            "client_cert_file",
            "is PKCS#12, not PEM",
            "client.p12 -nokeys -out cert.pem`",
        ),
        (json!({"ca_file": pkcs12}), "ca_file", "is PKCS#12", "-cacerts -nokeys -out ca.pem`"),
        (json!({"client_key_file": der_key}), "client_key_file", "in DER form", "pkey -inform DER"),
        (json!({"client_cert_file": der}), "client_cert_file", "in DER form", "x509 -inform DER"),
        (json!({"ca_file": der}), "ca_file", "in DER form", "openssl x509 -inform DER -in "),
        (
            json!({"client_key_file": chain}),
            "client_key_file",
            "holds a certificate, not",
            "swapped",
        ),
        (
            json!({"client_cert_file": key}),
            "client_cert_file",
            "holds a private key, not",
            "swapped",
        ),
        (json!({"client_key_file": der}), "client_key_file", "holds a certificate, not", "swapped"),
        (json!({"ca_file": key}), "ca_file", "holds a private key, not", "authority's certificate"),
        (json!({"ca_file": crl}), "ca_file", "no certificate in PEM form, only X509 CRL", ""),
        (
            json!({"client_cert_file": version_one}),
            "client_cert_file",
            "X.509 version 1",
            "-extfile",
        ),
        (
            json!({"client_key_file": other["client_key_file"]}),
            "client_key_file",
            "is not the key of the certificate",
            "of one certificate",
        ),
    ] {
        let source = source(&server.url(), json!({"tls": with(client.clone(), tls)}));
        let error = source.open(&Scope::default()).await.err().unwrap();
        let message = error.to_string();
        assert!(message.starts_with(&format!("tls.{at}: ")), "{message}");
        assert!(message.contains(what), "{message}");
        assert!(error.hint().unwrap_or_default().contains(hint), "{error:?}");
        assert_eq!((error.kind(), server.connections().len()), (ErrorKind::Config, 0));
    }
}
