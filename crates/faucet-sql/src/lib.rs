//! SQL on live feeds.

#[cfg_attr(not(test), expect(dead_code, reason = "no query runs yet"))]
#[expect(unused_imports, reason = "no query runs yet")]
mod rows;
mod schema;
mod script;
