//! The meaning of a failed TLS handshake.

use std::io;

use rustls::CertificateError;

use crate::verifier::VersionOne;

/// Why a TLS handshake failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsFailure {
    /// The server's certificate was refused.
    #[error("certificate verify failed: {reason}")]
    Certificate {
        /// Why, in a few words.
        reason: String,
        /// What is wrong with it, where the remedy is another than usual.
        fault: CertificateFault,
        /// The error of the TLS library.
        #[source]
        error: io::Error,
    },
    /// The other side does not speak TLS at all.
    #[error("TLS handshake failed: the server does not speak TLS")]
    NotTls(#[source] io::Error),
    /// Anything else that another attempt will not change.
    #[error("TLS handshake failed: {reason}")]
    Refused {
        /// Why.
        reason: String,
        /// The error of the TLS library.
        #[source]
        error: io::Error,
    },
    /// The stream below TLS failed. Another attempt may help.
    #[error(transparent)]
    Io(io::Error),
}

impl From<io::Error> for TlsFailure {
    /// Finds the TLS error in an I/O error, where rustls puts it.
    fn from(error: io::Error) -> Self {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        match inner {
            None => Self::Io(error),
            Some(rustls::Error::InvalidCertificate(why)) => {
                let (reason, fault) = (explain(why), CertificateFault::of(why));
                Self::Certificate { reason, fault, error }
            }
            Some(rustls::Error::InvalidMessage(_)) => Self::NotTls(error),
            Some(other) => Self::Refused { reason: other.to_string(), error },
        }
    }
}

/// What is wrong with a certificate, as far as remedies differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificateFault {
    /// It is of X.509 version 1.
    VersionOne,
    /// It is the certificate of an authority, used as the server's own.
    SelfSigned,
    /// Anything else: its name, its issuer, its time.
    Other,
}

impl CertificateFault {
    fn of(reason: &CertificateError) -> Self {
        if other::<VersionOne>(reason).is_some() {
            return Self::VersionOne;
        }
        // rustls has no name for this case of webpki.
        match other(reason) {
            Some(webpki::Error::CaUsedAsEndEntity) => Self::SelfSigned,
            _ => Self::Other,
        }
    }
}

/// The error of the layer below, if it is of this kind.
fn other<E: std::error::Error + 'static>(reason: &CertificateError) -> Option<&E> {
    match reason {
        CertificateError::Other(other) => other.0.downcast_ref(),
        _ => None,
    }
}

fn explain(reason: &CertificateError) -> String {
    use CertificateError as E;
    match reason {
        E::Expired | E::ExpiredContext { .. } => "expired".into(),
        E::NotValidYet | E::NotValidYetContext { .. } => "not valid yet".into(),
        E::NotValidForName | E::NotValidForNameContext { .. } => "not valid for name".into(),
        E::UnknownIssuer => "unknown issuer".into(),
        E::Revoked => "revoked".into(),
        E::BadSignature => "bad signature".into(),
        E::BadEncoding => "bad encoding".into(),
        E::UnsupportedSignatureAlgorithmContext { .. }
        | E::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            "unsupported signature algorithm".into()
        }
        E::Other(error) => match CertificateFault::of(reason) {
            CertificateFault::SelfSigned => {
                "self-signed: a CA's certificate is used as the server's own".into()
            }
            CertificateFault::VersionOne => {
                "the certificate is X.509 version 1, which has no place for the name of a server"
                    .into()
            }
            CertificateFault::Other => error.to_string(),
        },
        other => format!("{other:?}"),
    }
}
