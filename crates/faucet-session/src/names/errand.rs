//! A call that a value waits for.

use std::path::PathBuf;
use std::sync::Arc;

use faucet_connect::Secrets;
use faucet_core::select::Pointer;

use crate::names::maker_failed::MakerFailed;
use crate::template::Token;
use crate::values;
use crate::values::CommandCall;

/// A call of the world that the value of a name waits for.
#[derive(Debug, Clone)]
pub struct Errand {
    /// The name.
    pub name: Arc<str>,
    pub(crate) call: Call,
    pub(crate) pointer: Option<Pointer>,
}

#[derive(Debug, Clone)]
pub(crate) enum Call {
    File(PathBuf),
    Command(CommandCall),
}

impl Errand {
    /// Makes the call. Cancel safe: a dropped future ends the program.
    ///
    /// # Errors
    /// The file or the program brought no value.
    pub async fn run(&self, secrets: &Secrets) -> Result<Token, MakerFailed> {
        let text = match &self.call {
            Call::File(path) => values::read_file(path).await.map_err(MakerFailed::File)?,
            Call::Command(call) => call.run(secrets).await.map_err(MakerFailed::Command)?,
        };
        let token = match &self.pointer {
            None => Some(Token::text(text)),
            Some(pointer) => {
                // The pointer expects JSON; other text has none of the places.
                let is_json = faucet_core::json::check(text.as_bytes()).is_ok();
                let value = is_json.then(|| pointer.read(text.as_bytes())).flatten();
                value.and_then(|value| Token::of_json(&value))
            }
        };
        let no_place = || MakerFailed::NoPlace(self.pointer.clone().unwrap_or_default());
        token.map(Token::secret).ok_or_else(no_place)
    }
}
