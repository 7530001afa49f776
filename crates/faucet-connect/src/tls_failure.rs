//! The meaning of a failed TLS handshake.

use std::io;

use rustls::CertificateError;

/// Why a TLS handshake failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsFailure {
    /// The server's certificate was refused.
    #[error("certificate verify failed: {reason}")]
    Certificate {
        /// Why, in a few words.
        reason: String,
        /// Whether the certificate is that of a CA, used as the server's own.
        self_signed: bool,
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
                let (reason, self_signed) = (explain(why), is_self_signed(why));
                Self::Certificate { reason, self_signed, error }
            }
            Some(rustls::Error::InvalidMessage(_)) => Self::NotTls(error),
            Some(other) => Self::Refused { reason: other.to_string(), error },
        }
    }
}

/// webpki's own word for a case that rustls has no name for.
fn is_self_signed(reason: &CertificateError) -> bool {
    matches!(reason, CertificateError::Other(other)
        if format!("{other:?}").contains("CaUsedAsEndEntity"))
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
        other if is_self_signed(other) => {
            "self-signed: a CA's certificate is used as the server's own".into()
        }
        E::Other(other) => other.to_string(),
        other => format!("{other:?}"),
    }
}
