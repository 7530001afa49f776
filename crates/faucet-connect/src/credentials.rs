//! Headers that each connect sends besides those of the upgrade request.

use std::fmt;
use std::sync::Arc;

use faucet_core::{Error, ErrorKind, Result};
use http::HeaderMap;

use crate::auth::AuthProvider;
use crate::headers::is_reserved;
use crate::secret_fault::{SecretFault, check_header_value};

/// The headers of each connect: fixed ones, and those of a program's [`AuthProvider`]. `Debug` shows
/// their number only.
#[derive(Clone, Default)]
pub struct Credentials {
    /// From the configuration. All runs of an endpoint share them.
    pub fixed: Arc<HeaderMap>,
    /// From the program. Its headers replace fixed ones of the same name.
    pub provider: Option<Arc<dyn AuthProvider>>,
}

impl Credentials {
    /// The headers for the next connect. Asks the provider, if there is one.
    ///
    /// # Errors
    /// The provider's own error, or an error for a reserved header or a secret at fault that it
    /// returned.
    pub async fn resolve(&self) -> Result<HeaderMap> {
        let mut headers = HeaderMap::clone(&self.fixed);
        let Some(provider) = &self.provider else { return Ok(headers) };
        let mut last = None;
        for (name, mut value) in provider.headers().await? {
            // A name that is repeated comes once.
            let repeated = name.is_none();
            let Some(name) = name.or_else(|| last.clone()) else { continue };
            last = Some(name.clone());
            if is_reserved(&name) {
                return Err(Error::new(
                    ErrorKind::Auth,
                    format!("the auth provider returned the reserved header {name}"),
                ));
            }
            let text = String::from_utf8_lossy(value.as_bytes());
            match check_header_value(&name, &text) {
                // A program may send the bytes beyond ASCII that a configuration may not.
                Ok(()) | Err(SecretFault::Character) => {}
                Err(fault) => {
                    let what = format!("the auth provider's header {name} {fault}");
                    return Err(Error::new(ErrorKind::Auth, what).with_hint(fault.advice()));
                }
            }
            value.set_sensitive(true);
            if repeated {
                headers.append(name, value);
            } else {
                headers.insert(name, value);
            }
        }
        Ok(headers)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({} headers)", self.fixed.len())
    }
}
