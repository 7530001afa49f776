//! The meaning of a failed TLS handshake.

use std::io;

use rustls::CertificateError;

/// What TLS said about a failed handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TlsTrouble {
    /// `certificate verify failed: <reason>`.
    Certificate(String),
    /// The other side does not speak TLS at all.
    NotTls,
    /// Anything else that another attempt will not change.
    Other(String),
}

/// Finds the TLS error in an I/O error, where rustls puts it.
pub(crate) fn trouble(error: &io::Error) -> Option<TlsTrouble> {
    let error = error.get_ref()?.downcast_ref::<rustls::Error>()?;
    Some(match error {
        rustls::Error::InvalidCertificate(reason) => TlsTrouble::Certificate(explain(reason)),
        rustls::Error::InvalidMessage(_) => TlsTrouble::NotTls,
        other => TlsTrouble::Other(other.to_string()),
    })
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
        // webpki's own words for what rustls has no name for.
        E::Other(other) if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            "self-signed: a CA's certificate is used as the server's own".into()
        }
        E::Other(other) => other.to_string(),
        other => format!("{other:?}"),
    }
}
