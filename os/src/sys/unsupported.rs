//! Systems that there is no back-end for.

compile_error!("selkie runs on unix and windows; use selkie-core where there is no such system");
