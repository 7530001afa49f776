//! Files with certificates and keys, and what is wrong with them.

use std::{fmt, fs, io};

use faucet_core::{KeyPath, Problem};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::certificate::{DerContents, is_version_one};

/// The contents that a key of the configuration asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Certificates of authorities.
    Authorities,
    /// The client's own certificate and those between it and its authority.
    Chain,
    /// The client's private key.
    Key,
}

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("cannot read {path}: {error}")]
    Unreadable { path: String, error: io::Error },
    #[error("{path}: {error}")]
    Malformed { path: String, error: pem::Error },
    #[error("{path} holds no {wanted} in PEM form{}", but(labels))]
    Lacking { path: String, wanted: Wanted, labels: Vec<String> },
    #[error("{path} holds a private key, not a certificate")]
    KeyForCertificate { path: String, wanted: Wanted },
    #[error("{path} holds a certificate, not a private key")]
    CertificateForKey { path: String },
    #[error("the key in {path} is encrypted")]
    Encrypted { path: String },
    #[error("{path} is in DER form, not PEM")]
    Der { path: String, wanted: Wanted },
    #[error("{path} is PKCS#12, not PEM")]
    Pkcs12 { path: String, wanted: Wanted },
    #[error("the certificate in {path} is X.509 version 1, which TLS no longer takes")]
    VersionOne { path: String },
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Authorities | Self::Chain => "certificate",
            Self::Key => "private key",
        })
    }
}

fn but(labels: &[String]) -> String {
    if labels.is_empty() { String::new() } else { format!(", only {}", labels.join(", ")) }
}

impl Fault {
    /// The remedy: the command that converts the file, where there is one.
    fn advice(&self) -> Option<String> {
        let command = |text: String| Some(format!("convert it: `openssl {text}`"));
        match self {
            Self::Unreadable { .. } | Self::Malformed { .. } | Self::Lacking { .. } => None,
            Self::KeyForCertificate { wanted: Wanted::Authorities, .. } => {
                Some("give the authority's certificate".into())
            }
            Self::KeyForCertificate { .. } | Self::CertificateForKey { .. } => {
                Some("are client_cert_file and client_key_file swapped?".into())
            }
            Self::Encrypted { path } => command(format!("pkey -in {} -out key.pem", word(path))),
            Self::Der { path, wanted: Wanted::Key } => {
                command(format!("pkey -inform DER -in {} -out key.pem", word(path)))
            }
            Self::Der { path, .. } => {
                command(format!("x509 -inform DER -in {} -out cert.pem", word(path)))
            }
            Self::Pkcs12 { path, wanted } => {
                let (what, out) = match wanted {
                    Wanted::Authorities => ("-cacerts -nokeys", "ca.pem"),
                    Wanted::Chain => ("-nokeys", "cert.pem"),
                    Wanted::Key => ("-nocerts -nodes", "key.pem"),
                };
                command(format!("pkcs12 -in {} {what} -out {out}", word(path)))
            }
            Self::VersionOne { .. } => Some(
                "have it issued as version 3: `openssl x509 -req` makes one with `-extfile FILE`, \
                 where FILE has the line basicConstraints=CA:FALSE"
                    .into(),
            ),
        }
    }

    fn at(self, path: KeyPath) -> Problem {
        let problem = Problem::invalid(path, self.to_string());
        match self.advice() {
            Some(advice) => problem.help(advice),
            None => problem,
        }
    }
}

/// A path as a word of a shell.
fn word(path: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=,:@".contains(c);
    match path.chars().all(plain) {
        true => path.to_owned(),
        false => format!("'{}'", path.replace('\'', r"'\''")),
    }
}

/// The certificates in the file that the key `at` names.
pub(crate) fn certificates(
    at: KeyPath,
    wanted: Wanted,
    path: &str,
) -> Result<Vec<CertificateDer<'static>>, Problem> {
    read_certificates(wanted, path).map_err(|fault| fault.at(at))
}

fn read_certificates(wanted: Wanted, path: &str) -> Result<Vec<CertificateDer<'static>>, Fault> {
    let bytes = read(wanted, path)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    let found = found.map_err(|error| Fault::Malformed { path: path.to_owned(), error })?;
    let version_one = found.first().is_some_and(|first| is_version_one(first));
    match found.is_empty() {
        true => Err(lacking(wanted, path, &bytes)),
        // An authority is trusted for its name and key, which version 1 has.
        false if wanted == Wanted::Chain && version_one => {
            Err(Fault::VersionOne { path: path.to_owned() })
        }
        false => Ok(found),
    }
}

/// The private key in the file that the key `at` names.
pub(crate) fn private_key(at: KeyPath, path: &str) -> Result<PrivateKeyDer<'static>, Problem> {
    read_key(path).map_err(|fault| fault.at(at))
}

fn read_key(path: &str) -> Result<PrivateKeyDer<'static>, Fault> {
    let bytes = read(Wanted::Key, path)?;
    // The old form of an encrypted key has the label of a plain one (RFC 1421 §4.6.1.1).
    if contains(&bytes, b"Proc-Type: 4,ENCRYPTED") {
        return Err(Fault::Encrypted { path: path.to_owned() });
    }
    PrivateKeyDer::from_pem_slice(&bytes).map_err(|error| match error {
        pem::Error::NoItemsFound => lacking(Wanted::Key, path, &bytes),
        error => Fault::Malformed { path: path.to_owned(), error },
    })
}

/// Reads a file that is not in another form than PEM.
fn read(wanted: Wanted, path: &str) -> Result<Vec<u8>, Fault> {
    let path = || path.to_owned();
    let bytes = fs::read(path()).map_err(|error| Fault::Unreadable { path: path(), error })?;
    match DerContents::of(&bytes) {
        None => Ok(bytes),
        Some(DerContents::Pkcs12) => Err(Fault::Pkcs12 { path: path(), wanted }),
        Some(DerContents::Certificate) if wanted == Wanted::Key => {
            Err(Fault::CertificateForKey { path: path() })
        }
        Some(DerContents::Key | DerContents::EncryptedKey) if wanted != Wanted::Key => {
            Err(Fault::KeyForCertificate { path: path(), wanted })
        }
        Some(_) => Err(Fault::Der { path: path(), wanted }),
    }
}

/// Why PEM text does not hold what is wanted.
fn lacking(wanted: Wanted, path: &str, bytes: &[u8]) -> Fault {
    let path = path.to_owned();
    let labels = labels(bytes);
    let has = |ending: &str| labels.iter().any(|label| label.ends_with(ending));
    match wanted {
        Wanted::Key if has("ENCRYPTED PRIVATE KEY") => Fault::Encrypted { path },
        Wanted::Key if has("CERTIFICATE") => Fault::CertificateForKey { path },
        Wanted::Authorities | Wanted::Chain if has("PRIVATE KEY") => {
            Fault::KeyForCertificate { path, wanted }
        }
        _ => Fault::Lacking { path, wanted, labels },
    }
}

/// The labels of the sections of PEM text.
fn labels(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let begins = text.lines().filter_map(|line| line.trim().strip_prefix("-----BEGIN "));
    let labels = begins.filter_map(|line| line.strip_suffix("-----"));
    labels.map(|label| label.escape_debug().to_string()).collect()
}

fn contains(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word_of_the_command() {
        for (path, shown) in [
            ("tls/client-1.p12", "tls/client-1.p12"),
            ("my keys/a.p12", "'my keys/a.p12'"),
            ("it's.p12", r"'it'\''s.p12'"),
            ("$(rm)", "'$(rm)'"),
        ] {
            let fault = Fault::Pkcs12 { path: path.into(), wanted: Wanted::Key };
            let command = format!("pkcs12 -in {shown} -nocerts -nodes -out key.pem");
            assert!(fault.advice().unwrap().contains(&command), "{path}");
        }
    }
}
