//! The circumstances of a story.

use std::sync::Arc;
use std::time::Duration;

use faucet_connect::{Backoff, ReconnectPolicy};

use crate::machine::{FrameLimits, Pool, Role, Settings, TimeLimits, Utf8Policy};
use crate::testing::pair::link::{Break, Cut, Side};

/// The circumstances of a story.
#[derive(Debug, Clone)]
pub struct World {
    /// How long a byte is on its way.
    pub latency: Duration,
    /// The most bytes that are on their way in one direction, or wait to be read.
    pub socket: usize,
    /// The size of the buffers that are read into.
    pub buffer: usize,
    /// Where each connection breaks; those beyond the list do not.
    pub cuts: Vec<Option<Cut>>,
    /// So many dials are refused, the first ones.
    pub refusals: u32,
    /// The interval of the keepalive Pings, and the time that a Pong has.
    pub keepalive: Option<(Duration, Duration)>,
    /// Consecutive attempts; `None` is unlimited.
    pub max_attempts: Option<u32>,
}

impl World {
    /// A world without faults, in which every byte has room.
    pub fn calm() -> Self {
        Self {
            latency: Duration::from_millis(1),
            socket: 1 << 16,
            buffer: 1 << 12,
            cuts: Vec::new(),
            refusals: 0,
            keepalive: Some((Duration::from_secs(1), Duration::from_secs(2))),
            max_attempts: None,
        }
    }

    /// Everything may happen; the connections from `cuts` on do not break.
    pub fn random(random: &mut fastrand::Rng, cuts: usize) -> Self {
        let cut = |random: &mut fastrand::Rng| Cut {
            writer: if random.bool() { Side::Client } else { Side::Server },
            at: {
                let most = [3, 40, 400, 4000][random.usize(..4)];
                random.u64(..most)
            },
            how: [Break::Silence, Break::Reset, Break::End][random.usize(..3)],
        };
        Self {
            latency: Duration::from_micros([0, 1, 500, 30_000][random.usize(..4)]),
            socket: [1, 7, 64, 1000, 1 << 16][random.usize(..5)],
            buffer: [1, 16, 256, 1 << 12][random.usize(..4)],
            cuts: (0..cuts).map(|_| Some(cut(random))).collect(),
            refusals: random.u32(..3),
            ..Self::calm()
        }
    }

    pub(super) fn settings(&self, side: Side) -> Settings {
        let backoff = Backoff {
            initial: Duration::from_millis(100),
            max: Duration::from_secs(2),
            jitter: 0.0,
        };
        let (ping_interval, pong_timeout) = match self.keepalive {
            Some((interval, timeout)) => (Some(interval), timeout),
            None => (None, Duration::ZERO),
        };
        Settings {
            role: match side {
                Side::Client => Role::Client,
                Side::Server => Role::Server,
            },
            reconnect: Arc::new(ReconnectPolicy {
                // A client that comes back is another connection of the server.
                reconnect: side == Side::Client,
                backoff,
                max_attempts: self.max_attempts,
            }),
            patience: None,
            times: TimeLimits { ping_interval, pong_timeout, ..TimeLimits::default() },
            frames: FrameLimits { max_message_bytes: 1 << 20, max_fragments: 1000 },
            utf8: Utf8Policy::Fail,
            pool: Pool::of(self.buffer),
            tells_controls: false,
            greeting: [].into(),
        }
    }
}
