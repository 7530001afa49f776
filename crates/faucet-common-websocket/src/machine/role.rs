//! The two ends of a connection.

/// The end of a connection that the machine is. A client masks the frames that it sends and a server
/// does not (RFC 6455 §5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Sends masked frames and expects plain ones.
    Client,
    /// Sends plain frames and expects masked ones.
    #[cfg_attr(
        not(any(feature = "server", feature = "testing", test)),
        expect(dead_code, reason = "the rules hold for both")
    )]
    Server,
}
