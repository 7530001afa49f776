//! The time and the randomness of a call of the machine.

use std::time::{Instant, SystemTime};

use crate::names::Moment;

/// The time at which the machine is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct At {
    /// For time limits.
    pub now: Instant,
    /// For values that are a time.
    pub wall: SystemTime,
}

/// Fills a buffer with random bytes.
type Fill = dyn FnMut(&mut [u8]) + Send;

/// Random bytes.
pub struct Entropy(Box<Fill>);

impl Entropy {
    /// Random bytes of a source of one's own.
    pub fn new(fill: impl FnMut(&mut [u8]) + Send + 'static) -> Self {
        Self(Box::new(fill))
    }

    pub(crate) fn moment(&mut self, at: At) -> Moment<'_> {
        Moment { wall: at.wall, entropy: &mut self.0 }
    }

    /// A random number from 0 to below 1.
    pub(crate) fn share(&mut self) -> f64 {
        let mut bytes = [0; 4];
        (self.0)(&mut bytes);
        f64::from(u32::from_be_bytes(bytes)) / (f64::from(u32::MAX) + 1.0)
    }
}

impl Default for Entropy {
    /// The random bytes of the operating system.
    fn default() -> Self {
        Self::new(crate::values::system_entropy)
    }
}

impl std::fmt::Debug for Entropy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Entropy")
    }
}
