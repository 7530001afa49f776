//! TLS: the trust store of the operating system, and certificates of one's own.

use std::sync::Arc;
use std::{fmt, io};

use faucet_core::{KeyPath, Problem, Problems, schema_rule};
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, Error as TlsError, InconsistentKeys};
use rustls_platform_verifier::Verifier as SystemVerifier;
use schemars::{JsonSchema, Schema};
use serde::Deserialize;
use tokio_rustls::TlsConnector;

use crate::io::Io;
use crate::patterns::SERVER_NAME;
use crate::pem_file::{Wanted, certificates, private_key};
use crate::steps::StepLog;
use crate::tls_failure::TlsFailure;
use crate::tls_version::TlsVersion;
use crate::verifier::Verifier;

/// How a TLS endpoint is verified. Without it: by the trust store of the operating system.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "Tls", title = "TLS", transform = rules)]
pub struct TlsConfig {
    /// PEM file with certificate authorities to trust in addition to the operating system's.
    #[schemars(extend("examples" = ["ca.pem"], "x-file" = "read"))]
    pub ca_file: Option<String>,
    /// PEM file with the client's certificate chain; needs `client_key_file`.
    #[schemars(extend("examples" = ["client.pem"], "x-file" = "read"))]
    pub client_cert_file: Option<String>,
    /// PEM file with the client's private key; needs `client_cert_file`.
    #[schemars(extend("examples" = ["client.key"], "x-file" = "read"))]
    pub client_key_file: Option<String>,
    /// The name that the server's certificate must have, when it is not the URL's host. It is also
    /// the name asked for (SNI).
    #[schemars(extend("examples" = ["feed.example.com"], "pattern" = SERVER_NAME))]
    pub server_name: Option<String>,
    /// Accepts any certificate. Anybody on the network path can then read and change the data. Each
    /// connect logs a warning.
    #[schemars(extend("examples" = [true]))]
    pub insecure_skip_verify: bool,
}

/// The rules between the keys, for the schema; [`TlsConfig::check`] checks them.
fn rules(schema: &mut Schema) {
    let skips = schema_rule::is("insecure_skip_verify", &[true.into()]);
    schema_rule::add(
        schema,
        [
            schema_rule::needs("client_cert_file", "client_key_file"),
            schema_rule::needs("client_key_file", "client_cert_file"),
            schema_rule::when(skips, schema_rule::absent("ca_file")),
        ],
    );
}

impl TlsConfig {
    /// Checks the keys, which stand at `path`. Reads no file.
    pub fn check(&self, path: &KeyPath, problems: &mut Problems) {
        let at = |key: &str| path.clone().then(key);
        let (chain, key) = (at("client_cert_file"), at("client_key_file"));
        match (&self.client_cert_file, &self.client_key_file) {
            (Some(_), None) => problems.push(Problem::needs(chain, key)),
            (None, Some(_)) => problems.push(Problem::needs(key, chain)),
            _ => {}
        }
        problems.push_if(self.insecure_skip_verify && self.ca_file.is_some(), || {
            Problem::conflict(at("ca_file"), at("insecure_skip_verify"))
        });
        if let Some(name) = &self.server_name {
            problems.push_if(ServerName::try_from(name.as_str()).is_err(), || {
                Problem::invalid(at("server_name"), "not a valid DNS name or IP address")
            });
        }
    }

    /// Reads the files and the trust store. Done once a run; every connect shares the result.
    /// `path` is where the keys stand, `protocols` are offered (ALPN), the preferred first.
    ///
    /// # Errors
    /// [`Config`](faucet_core::ErrorKind::Config) at the key whose file is missing or unusable.
    pub fn load(&self, path: &KeyPath, protocols: &[&str]) -> Result<Tls, Problem> {
        let invalid = |path: &KeyPath, error: &dyn fmt::Display| {
            Problem::invalid(path.clone(), error.to_string())
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let trusted = if self.insecure_skip_verify {
            None
        } else {
            Some(self.load_trusted(path, &provider)?)
        };
        let verifier = Arc::new(Verifier::new(trusted, &provider));
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| invalid(path, &e))?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        let mut config = match (&self.client_cert_file, &self.client_key_file) {
            (Some(chain), Some(key)) => {
                let at = |key: &str| path.clone().then(key);
                let chain = certificates(at("client_cert_file"), Wanted::Chain, chain)?;
                let key = private_key(at("client_key_file"), key)?;
                builder.with_client_auth_cert(chain, key).map_err(|error| match error {
                    TlsError::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                        Problem::invalid(at("client_key_file"), "is not the key of the certificate")
                            .help("give the files of one certificate")
                    }
                    error => invalid(&at("client_cert_file"), &error),
                })?
            }
            _ => builder.with_no_client_auth(),
        };
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        Ok(Tls {
            config: Arc::new(config),
            server_name: self.server_name.clone(),
            insecure: self.insecure_skip_verify,
        })
    }
}

impl TlsConfig {
    /// The trust store of the operating system, with the authorities of `ca_file`.
    fn load_trusted(
        &self,
        path: &KeyPath,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Arc<dyn ServerCertVerifier>, Problem> {
        let at = path.clone().then("ca_file");
        let roots = match &self.ca_file {
            None => Vec::new(),
            Some(file) => certificates(at.clone(), Wanted::Authorities, file)?,
        };
        match SystemVerifier::new_with_extra_roots(roots, Arc::clone(provider)) {
            Ok(verifier) => Ok(Arc::new(verifier)),
            Err(error) => {
                let key = if self.ca_file.is_some() { at } else { path.clone() };
                Err(Problem::invalid(key, error.to_string())
                    .help("install the CA certificates of the system, or give tls.ca_file"))
            }
        }
    }
}

/// A stream that speaks TLS.
pub struct Secured {
    /// The stream.
    pub io: Box<dyn Io>,
    /// The version that both ends agreed on.
    pub version: Option<TlsVersion>,
}

/// TLS, ready for use. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Tls {
    config: Arc<ClientConfig>,
    server_name: Option<String>,
    insecure: bool,
}

impl Tls {
    /// Speaks TLS on a stream to `host`. `target` is the redacted name of the far end, for the
    /// warning about a server that is not verified.
    ///
    /// # Errors
    /// Why the handshake failed.
    pub async fn secure(
        &self,
        io: Box<dyn Io>,
        host: &str,
        target: &str,
        log: &mut StepLog,
    ) -> Result<Secured, TlsFailure> {
        if self.insecure {
            let what = "the certificate of the server is not verified: everyone on the way can read and \
                        change the data";
            tracing::warn!(url = target, "{what}");
        }
        log.begin("tls");
        let name = self.server_name.as_deref().unwrap_or(host).to_owned();
        let name = ServerName::try_from(name).map_err(|e| TlsFailure::Io(io::Error::other(e)))?;
        let stream = TlsConnector::from(Arc::clone(&self.config)).connect(name, io).await?;
        let version = stream.get_ref().1.protocol_version();
        log.done(version.map(|v| format!("{v:?}")).unwrap_or_default());
        Ok(Secured { io: Box::new(stream), version: version.and_then(TlsVersion::of) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_need_or_exclude_each_other_are_named() {
        let file = || Some("x.pem".to_owned());
        let none = TlsConfig::default;
        for (config, expected) in [
            (none(), ""),
            (
                TlsConfig { client_cert_file: file(), ..none() },
                "tls.client_cert_file: needs tls.client_key_file",
            ),
            (
                TlsConfig { client_key_file: file(), ..none() },
                "tls.client_key_file: needs tls.client_cert_file",
            ),
            (
                TlsConfig { ca_file: file(), insecure_skip_verify: true, ..none() },
                "tls.ca_file: not together with tls.insecure_skip_verify",
            ),
            (
                TlsConfig { server_name: Some("a b".into()), ..none() },
                "tls.server_name: not a valid DNS name or IP address",
            ),
        ] {
            let mut problems = Problems::new();
            config.check(&"tls".into(), &mut problems);
            let found: Vec<String> = problems.iter().map(Problem::to_string).collect();
            assert_eq!(found.join("; "), expected);
        }
    }

    #[test]
    fn a_missing_file_is_a_problem_at_its_key() {
        let config = TlsConfig { ca_file: Some("no/such.pem".into()), ..TlsConfig::default() };
        let problem = config.load(&"tls".into(), &[]).unwrap_err();
        assert_eq!(problem.path.to_string(), "tls.ca_file");
        assert!(problem.to_string().contains("no/such.pem"), "{problem}");
    }
}
