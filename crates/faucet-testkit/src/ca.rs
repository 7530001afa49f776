//! A certificate authority for one test.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, date_time_ymd,
};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{RootCertStore, ServerConfig};

use crate::version_one::{pem_of, version_one_of};

/// A private certificate authority. What it issues is good or bad in exactly one way.
///
/// # Panics
/// Its functions panic when a certificate cannot be made, which no input can cause.
pub struct TestCa {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl std::fmt::Debug for TestCa {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TestCa")
    }
}

impl Default for TestCa {
    fn default() -> Self {
        Self::new()
    }
}

impl TestCa {
    /// A new authority with a new key.
    pub fn new() -> Self {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        // With one name for all, a stranger's certificate would be badly signed, not unknown.
        let name = format!("test authority {}", MADE.fetch_add(1, Ordering::Relaxed));
        let mut params = params(&[], &name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, key());
        Self { issuer: issuer.expect("the parameters are valid") }
    }

    /// Its certificate, for a `ca_file`.
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// Its certificate as a root store.
    pub fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).expect("the certificate was just made");
        roots
    }

    fn issue(&self, params: &CertificateParams) -> Identity {
        let key = key();
        let leaf = params.signed_by(&key, &self.issuer).expect("the parameters are valid");
        Identity::new(&leaf, &key)
    }

    /// A server certificate for `127.0.0.1`, `::1` and `localhost`.
    pub fn good(&self) -> Identity {
        self.issue(&local())
    }

    /// The same, expired in 2021.
    pub fn expired(&self) -> Identity {
        let mut params = local();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
        self.issue(&params)
    }

    /// The same, not valid before 2199.
    pub fn not_yet_valid(&self) -> Identity {
        let mut params = local();
        params.not_before = date_time_ymd(2199, 1, 1);
        params.not_after = date_time_ymd(2200, 1, 1);
        self.issue(&params)
    }

    /// A server certificate for `elsewhere.example` only.
    pub fn wrong_name(&self) -> Identity {
        self.issue(&params(&["elsewhere.example"], "elsewhere"))
    }

    /// The same, of X.509 version 1: without extensions, and so without names.
    pub fn version_one(&self) -> Identity {
        let key = key();
        let leaf = local().signed_by(&key, &self.issuer).expect("the parameters are valid");
        let cert = version_one_of(leaf.der(), self.issuer.key());
        Identity::of_der(cert, &key)
    }

    /// The certificate of the authority in X.509 version 1, for a `ca_file`.
    pub fn version_one_pem(&self) -> String {
        pem_of(&version_one_of(self.issuer.der(), self.issuer.key()))
    }

    /// A server certificate for `127.0.0.1`, `::1` and `localhost` that nobody else signed.
    pub fn self_signed() -> Identity {
        let key = key();
        let leaf = local().self_signed(&key).expect("the parameters are valid");
        Identity::new(&leaf, &key)
    }

    /// The same, of an authority: what `openssl req -x509` makes.
    pub fn self_signed_authority() -> Identity {
        let (mut params, key) = (local(), key());
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let leaf = params.self_signed(&key).expect("the parameters are valid");
        Identity::new(&leaf, &key)
    }

    /// A client certificate.
    pub fn client(&self, name: &str) -> Identity {
        let mut params = params(&[name], name);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.issue(&params)
    }
}

/// A certificate and its key.
#[derive(Debug)]
pub struct Identity {
    cert: CertificateDer<'static>,
    cert_pem: String,
    key: PrivateKeyDer<'static>,
    key_pem: String,
}

impl Identity {
    fn new(cert: &rcgen::Certificate, key: &KeyPair) -> Self {
        Self::of_der(cert.der().clone(), key)
    }

    fn of_der(cert: CertificateDer<'static>, key: &KeyPair) -> Self {
        Self {
            cert_pem: pem_of(&cert),
            cert,
            key: PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
            key_pem: key.serialize_pem(),
        }
    }

    /// The certificate.
    pub fn cert_pem(&self) -> &str {
        &self.cert_pem
    }

    /// The private key.
    pub fn key_pem(&self) -> &str {
        &self.key_pem
    }

    /// The certificate and the key as rustls takes them.
    pub fn der(&self) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        (vec![self.cert.clone()], self.key.clone_key())
    }

    /// A server with this certificate.
    pub fn server_config(&self) -> Arc<ServerConfig> {
        self.server(None)
    }

    /// The same; it refuses clients without a certificate of `ca`.
    pub fn server_config_for_clients_of(&self, ca: &TestCa) -> Arc<ServerConfig> {
        self.server(Some(ca))
    }

    fn server(&self, client_ca: Option<&TestCa>) -> Arc<ServerConfig> {
        let builder = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .expect("ring supports the default versions");
        let builder = match client_ca {
            None => builder.with_no_client_auth(),
            Some(ca) => {
                let roots = Arc::new(ca.roots());
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider());
                builder.with_client_cert_verifier(verifier.build().expect("there is a root"))
            }
        };
        let (chain, key) = self.der();
        let key = provider().key_provider.load_private_key(key).expect("ring takes the key");
        // The usual way compares key and certificate, for which it must read the certificate.
        let certified = SingleCertAndKey::from(CertifiedKey::new(chain, key));
        Arc::new(builder.with_cert_resolver(Arc::new(certified)))
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn key() -> KeyPair {
    KeyPair::generate().expect("the system has random numbers")
}

fn params(names: &[&str], common_name: &str) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("the names are valid");
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2200, 1, 1);
    params
}

fn local() -> CertificateParams {
    // No system trusts an authority of this name, as some do one that calls itself localhost.
    let mut params = params(&["127.0.0.1", "::1", "localhost"], "faucet-testkit server");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params
}
