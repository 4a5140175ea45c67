//! Systems for which there is no back-end.

compile_error!("selkie runs on unix and windows; use selkie-core where there is no such system");
