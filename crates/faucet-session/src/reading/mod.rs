//! From received messages to the texts inside them.
