//! The doubles and scripted peers of the kit, and a connector of a guest that uses them.

mod conversation;
mod guest;
mod http;
mod kit;
mod scripted;
mod tcp;
mod tls;
