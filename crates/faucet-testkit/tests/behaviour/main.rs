//! What the kit does, and what a guest needs of it.

mod conversation;
mod guest;
mod http;
mod kit;
mod scripted;
mod tcp;
mod tls;
