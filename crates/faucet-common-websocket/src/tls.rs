//! TLS: the OS trust store, own certificates, and what a refused certificate means.

use std::io;
use std::sync::Arc;

use faucet_core::{Error, Problems, Result};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use rustls_platform_verifier::Verifier;
use schemars::JsonSchema;
use serde::Deserialize;
use tokio_rustls::TlsConnector;

use crate::error::Blame;
use crate::lifecycle::Failure;
use crate::steps::StepLog;
use crate::url::WsUrl;
use crate::wire::Io;

/// How `wss://` endpoints are verified. Without it: the operating system's trust store.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TlsConfig {
    /// PEM file with certificate authorities to trust in addition to the operating system's.
    pub ca_file: Option<String>,
    /// PEM file with the client's certificate chain; needs `client_key_file`.
    pub client_cert_file: Option<String>,
    /// PEM file with the client's private key; needs `client_cert_file`.
    pub client_key_file: Option<String>,
    /// The name that the server's certificate must have, when it is not the URL's host. It is also
    /// the name asked for (SNI).
    pub server_name: Option<String>,
    /// Accepts any certificate. Anybody on the way can then read and change the data; a warning is
    /// logged on every connect.
    pub insecure_skip_verify: bool,
}

impl TlsConfig {
    pub(crate) fn check(&self, problems: &mut Problems) {
        problems.push_if(
            self.client_cert_file.is_some() != self.client_key_file.is_some(),
            "tls: client_cert_file and client_key_file must be given together",
        );
        problems.push_if(
            self.insecure_skip_verify && self.ca_file.is_some(),
            "tls: ca_file has no effect with insecure_skip_verify",
        );
        if let Some(name) = &self.server_name {
            let valid = ServerName::try_from(name.as_str()).is_ok();
            problems.push_if(!valid, "tls.server_name: not a valid DNS name or IP address");
        }
    }

    /// Reads the files and the trust store. Done once a run; every connect shares the result.
    pub(crate) fn load(&self) -> Result<Tls> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier: Arc<dyn ServerCertVerifier> = if self.insecure_skip_verify {
            Arc::new(AcceptAny(Arc::clone(&provider)))
        } else {
            let roots = self
                .ca_file
                .as_ref()
                .map_or(Ok(Vec::new()), |path| certificates("tls.ca_file", path))?;
            Arc::new(Verifier::new_with_extra_roots(roots, Arc::clone(&provider)).map_err(|e| {
                let key = if self.ca_file.is_some() { "tls.ca_file" } else { "tls" };
                Error::config(format!("{key}: {e}"))
                    .with_hint("install the CA certificates of the system, or give tls.ca_file")
            })?)
        };
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| Error::config(format!("tls: {e}")))?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        let mut config = match (&self.client_cert_file, &self.client_key_file) {
            (Some(chain), Some(key)) => {
                let chain = certificates("tls.client_cert_file", chain)?;
                let key = PrivateKeyDer::from_pem_file(key)
                    .map_err(|e| Error::config(format!("tls.client_key_file: {key}: {e}")))?;
                builder
                    .with_client_auth_cert(chain, key)
                    .map_err(|e| Error::config(format!("tls.client_cert_file: {e}")))?
            }
            _ => builder.with_no_client_auth(),
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Tls {
            config: Arc::new(config),
            server_name: self.server_name.clone(),
            insecure: self.insecure_skip_verify,
        })
    }
}

/// TLS, ready for use.
pub(crate) struct Tls {
    config: Arc<ClientConfig>,
    server_name: Option<String>,
    insecure: bool,
}

impl Tls {
    /// Speaks TLS on a stream.
    pub(crate) async fn secure(
        &self,
        io: Box<dyn Io>,
        url: &WsUrl,
        log: &mut StepLog,
    ) -> Result<Box<dyn Io>, Failure> {
        let blame = Blame::of(url);
        if self.insecure {
            let url = url.redacted();
            tracing::warn!(url, "tls.insecure_skip_verify: the server is not verified");
        }
        log.begin("tls");
        let name = self.server_name.as_deref().unwrap_or(url.host());
        let name =
            ServerName::try_from(name.to_owned()).map_err(|e| blame.tls(io::Error::other(e)))?;
        let stream = TlsConnector::from(Arc::clone(&self.config))
            .connect(name, io)
            .await
            .map_err(|error| blame.tls(error))?;
        let version = stream.get_ref().1.protocol_version();
        log.done(version.map(|v| format!("{v:?}")).unwrap_or_default());
        Ok(Box::new(stream))
    }
}

fn certificates(key: &str, path: &str) -> Result<Vec<CertificateDer<'static>>> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match read {
        Ok(found) if found.is_empty() => {
            Err(Error::config(format!("{key}: {path} holds no certificate in PEM form")))
        }
        Ok(found) => Ok(found),
        Err(error) => Err(Error::config(format!("{key}: {path}: {error}"))),
    }
}

/// Verifies nothing about the certificate, but that the peer holds its key.
#[derive(Debug)]
struct AcceptAny(Arc<CryptoProvider>);

impl ServerCertVerifier for AcceptAny {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
