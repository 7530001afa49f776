//! Files of `examples/providers` against scripted servers that speak as the provider does: the login, the
//! subscriptions and their answers, the heartbeat, a cut, the reconnect. The addresses of a file are replaced by
//! that of the server, and its times by shorter ones; all else is as a user gets it.

#![allow(clippy::unwrap_used, reason = "helpers of tests may unwrap as tests do")]

mod alpaca;
mod binance;
mod bitfinex;
mod bybit_private;
mod centrifugo;
mod coinbase_advanced;
mod coinbase_exchange;
mod deribit;
mod discord;
mod gemini;
mod graphql_transport_ws;
mod home_assistant;
mod htx;
mod jetstream;
mod kraken;
mod kucoin;
mod nostr;
mod okx;
mod pusher;
mod recipe;
mod signalr;
mod slack;
mod socketio;
mod twitch;
