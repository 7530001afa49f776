//! reconnects
