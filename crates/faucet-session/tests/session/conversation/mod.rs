//! Conversations in virtual time.

mod errands;
mod heartbeats;
mod limits;
mod login;
mod records;
mod rules;
mod subscriptions;
mod values;
