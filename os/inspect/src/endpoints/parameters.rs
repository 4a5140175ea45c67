//! What a request asks for: its parameters, and the format in which it wants the answer.

use http::header::ACCEPT;
use http::request::Parts;

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    Text,
}

/// The parameters of a request.
#[derive(Debug, Clone, Default)]
pub(super) struct Parameters {
    pairs: Vec<(String, String)>,
}

impl Parameters {
    pub(super) fn of(head: &Parts) -> Self {
        let query = head.uri.query().unwrap_or_default();
        let pairs = form_urlencoded::parse(query.as_bytes());
        Self {
            pairs: pairs.into_owned().collect(),
        }
    }

    /// The value of the parameter `name`, if it is there and not empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let pair = self.pairs.iter().find(|(key, _)| key == name);
        pair.map(|(_, value)| &**value)
            .filter(|value| !value.is_empty())
    }

    /// The number that the parameter `name` has, or `default` without one.
    ///
    /// # Errors
    /// It is none, or not from 1 to `most`.
    pub(super) fn number(&self, name: &str, default: usize, most: usize) -> Result<usize, String> {
        let Some(text) = self.get(name) else {
            return Ok(default);
        };
        let number = text.parse().ok().filter(|n| (1..=most).contains(n));
        number.ok_or_else(|| format!("{name} must be a number from 1 to {most}, not {text:?}"))
    }
}

/// The path without the ending that says a format, and the format: by that ending, or else by the `Accept` header, in
/// which plain text has to stand before JSON.
pub(super) fn format(head: &Parts) -> (&str, Format) {
    let path = head.uri.path();
    if let Some(path) = path.strip_suffix(".json") {
        return (path, Format::Json);
    }
    if let Some(path) = path.strip_suffix(".txt") {
        return (path, Format::Text);
    }
    let accept = head
        .headers
        .get(ACCEPT)
        .and_then(|accept| accept.to_str().ok());
    let accept = accept.unwrap_or_default();
    let is_text = match (accept.find("text/plain"), accept.find("application/json")) {
        (Some(text), Some(json)) => text < json,
        (text, _) => text.is_some(),
    };
    (path, if is_text { Format::Text } else { Format::Json })
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::{Format, Parameters, format};

    #[test]
    fn formats_follow_ending_and_header() {
        for (uri, accept, path, wanted) in [
            ("/dump", "", "/dump", Format::Json),
            ("/dump", "*/*", "/dump", Format::Json),
            ("/dump", "text/plain", "/dump", Format::Text),
            (
                "/dump",
                "application/json, text/plain",
                "/dump",
                Format::Json,
            ),
            (
                "/dump",
                "text/plain;q=1, application/json",
                "/dump",
                Format::Text,
            ),
            ("/dump.txt", "application/json", "/dump", Format::Text),
            ("/dump.json?x=1", "text/plain", "/dump", Format::Json),
        ] {
            let request = Request::builder().uri(uri).header("accept", accept);
            let head = request.body(()).unwrap().into_parts().0;
            assert_eq!(format(&head), (path, wanted), "{uri} {accept}");
        }
    }

    #[test]
    fn numbers_have_limits() {
        let request = Request::builder().uri("/?a=1&b=10&c=11&d=0&e=&f=x&g=%31");
        let wanted = Parameters::of(&request.body(()).unwrap().into_parts().0);
        for (name, number) in [("a", 1), ("b", 10), ("e", 5), ("z", 5), ("g", 1)] {
            assert_eq!(wanted.number(name, 5, 10), Ok(number), "{name}");
        }
        for name in ["c", "d", "f"] {
            let error = wanted.number(name, 5, 10).unwrap_err();
            assert!(error.contains("must be a number from 1 to 10"), "{error}");
        }
    }
}
