//! `/`: the live page, one file with all that it needs.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use http::StatusCode;
use http::header::{CONTENT_SECURITY_POLICY, HeaderValue};

use crate::reply::{HTML, Reply, reply};

const PAGE: &str = concat!(
    include_str!("../../page/head.html"),
    "<style nonce=\"NONCE\">\n",
    include_str!("../../page/theme.css"),
    include_str!("../../page/layout.css"),
    "</style>\n",
    include_str!("../../page/body.html"),
    "<script nonce=\"NONCE\">\n\"use strict\";\n",
    include_str!("../../page/figures.js"),
    include_str!("../../page/server.js"),
    include_str!("../../page/cards.js"),
    include_str!("../../page/workers.js"),
    include_str!("../../page/tasks.js"),
    include_str!("../../page/dump.js"),
    include_str!("../../page/timeline.js"),
    include_str!("../../page/trace.js"),
    include_str!("../../page/main.js"),
    "</script>\n</body>\n</html>\n",
);

/// The page. The names of tasks come from the program, so the browser runs and loads nothing but what has this answer's
/// own random number.
pub(super) fn page() -> Reply {
    let random = || RandomState::new().hash_one(0);
    let nonce = format!("{:016x}{:016x}", random(), random());
    let mut page = reply(StatusCode::OK, HTML, PAGE.replace("NONCE", &nonce));
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; \
         img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    if let Ok(policy) = HeaderValue::try_from(policy) {
        page.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    page
}
