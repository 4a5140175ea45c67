//! Words of comments and pages: phrases of the project's first years for which the field has a word.

use std::collections::BTreeMap;

use crate::source::Source;

/// A phrase, in lower case, and what to say instead.
#[derive(Debug, Clone, Copy)]
struct Phrase {
    says: &'static str,
    instead: &'static str,
    /// Paths where the phrase is the field's.
    except: &'static [&'static str],
}

const fn phrase(says: &'static str, instead: &'static str) -> Phrase {
    Phrase {
        says,
        instead,
        except: &[],
    }
}

const fn but(says: &'static str, instead: &'static str, except: &'static [&'static str]) -> Phrase {
    Phrase {
        says,
        instead,
        except,
    }
}

/// Where a token is mio's, a `StopToken`, one of Rust's or an HTTP client's.
const TOKENS: &[&str] = &[
    "os/inspect/",
    "os/cli/",
    "os/src/driver/",
    "os/src/source/",
    "os/src/task/",
    "macros/",
    "os/tests/",
    "tests/",
    "docs/",
    "README.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
];

const PHRASES: &[Phrase] = &[
    phrase("bell", "`Notify`"),
    phrase("bells", "`Notify`"),
    phrase("seat", "the single-waiter slot"),
    phrase("seats", "the single-waiter slot"),
    phrase("seated", "in the single-waiter slot"),
    phrase("unseat", "take out of the single-waiter slot"),
    phrase("unseats", "takes out of the single-waiter slot"),
    phrase("shelter", "pool"),
    phrase("crowd", "group"),
    phrase("crowds", "groups"),
    phrase("parcel", "type-erased future"),
    phrase("parcels", "type-erased futures"),
    phrase("parcel's", "type-erased future's"),
    phrase("births", "fork generations"),
    phrase("birth", "fork generation"),
    // Linux has leases on files, distributed systems have them on what one of them may do.
    but(
        "lease",
        "what is borrowed, by its name",
        &[
            "os/tests/hostile_files/",
            "tests/sim/",
            "docs/decisions/0317",
        ],
    ),
    but(
        "leases",
        "what is borrowed, by its name",
        &[
            "os/tests/hostile_files/",
            "tests/sim/",
            "docs/decisions/0317",
        ],
    ),
    phrase("home", "timer shard, slab"),
    phrase("homes", "timer shards, slabs"),
    phrase("home's", "shard's, slab's"),
    phrase("handover", "the transfer, by its name"),
    phrase("handovers", "the transfers, by their name"),
    phrase("hand over", "transfer, pass"),
    phrase("hands over", "transfers, passes"),
    phrase("handed over", "transferred, passed"),
    phrase("handing over", "transferring, passing"),
    phrase("hand in", "submit"),
    phrase("hands in", "submits"),
    phrase("handed in", "submitted"),
    phrase("in line", "in the wait queue, queued"),
    phrase("in a line", "in a list, in a queue"),
    but("a line of", "a queue of", &["boards/", "tests/portable/"]),
    phrase("into the line", "into the queue"),
    but(
        "in the line",
        "in the queue",
        &["boards/", "os/src/async_io/", "tests/tidy/"],
    ),
    phrase("join the line", "join the wait queue"),
    phrase("joins the line", "joins the wait queue"),
    phrase("beside the line", "beside the wait queue"),
    but(
        "the line's",
        "the queue's",
        &["boards/", "os/src/async_io/"],
    ),
    but("its line", "its queue", &["boards/", "os/src/async_io/"]),
    phrase("its place in", "its position in"),
    phrase("a place in", "a slot in, a position in"),
    phrase("place in the line", "position in the wait queue"),
    phrase("gives its place", "gives its slot"),
    phrase("operation that goes on", "multishot operation"),
    phrase("operations that go on", "multishot operations"),
    phrase("request that goes on", "multishot request"),
    phrase("one that goes on", "a multishot one"),
    phrase("at hand", "available"),
    phrase("not to be had", "unavailable"),
    phrase("the watch", "the monitor, the channel, the registration"),
    phrase("on its way", "in flight"),
    phrase("on their way", "in flight"),
    phrase("gives way", "yields, backs off"),
    phrase("give way", "yield, back off"),
    phrase("gave way", "yielded, backed off"),
    phrase("several or none", "if there is more than one"),
    but("token", "notified task, reference", TOKENS),
    but("tokens", "notified tasks, references", TOKENS),
    phrase("once a worker", "once per worker"),
    phrase("a call each", "one call per"),
    phrase("ns a", "ns per"),
    phrase("ring a worker", "ring per worker"),
    phrase("reactor a worker", "reactor per worker"),
    phrase("one a processor", "one per processor"),
    phrase("calls a message", "calls per message"),
    phrase("calls a connection", "calls per connection"),
    phrase("time a request", "time per request"),
    phrase("buffers a read", "buffers per read"),
    phrase("datagrams a call", "datagrams per call"),
    phrase("who finds", "whichever thread finds, whoever finds"),
    phrase("who asks", "the caller, whoever asks"),
    phrase("the doer", "the operation's owner"),
    phrase("do_it", "run"),
    phrase("counted pointer", "reference-counted pointer"),
    phrase("counted pointers", "reference-counted pointers"),
    phrase("told of", "notified of"),
    phrase("is told", "is notified"),
    phrase("are told", "are notified"),
    phrase("be told", "be notified"),
    phrase("was told", "was notified"),
    phrase("anew", "again"),
    phrase("come what may", "in any case"),
    phrase("by whom", "by which"),
    phrase("which is as well", "which does no harm"),
];

/// Pages that say what the old words were, and what was.
const HISTORY: &[&str] = &[
    "CHANGELOG.md",
    "docs/decisions/README.md",
    "docs/glossary.md",
    "docs/decisions/0200-the-fields-words.md",
    "tests/conformance/changelog.md",
    "tests/tidy/",
];

/// Comments and pages that use a phrase that they may not.
pub(crate) fn phrases(sources: &[Source]) -> Vec<String> {
    let mut by_first: BTreeMap<&str, Vec<(Phrase, Vec<&str>)>> = BTreeMap::new();
    for phrase in PHRASES {
        let words: Vec<&str> = phrase.says.split(' ').collect();
        by_first
            .entry(words[0])
            .or_default()
            .push((*phrase, words[1..].to_vec()));
    }
    let mut wrong = Vec::new();
    for source in sources {
        let path = source.path.as_str();
        if HISTORY.iter().any(|history| path.starts_with(history)) {
            continue;
        }
        let words = prose(source);
        for at in 0..words.len() {
            let Some(candidates) = by_first.get(words[at].1.as_str()) else {
                continue;
            };
            for (phrase, rest) in candidates {
                let after = words[at + 1..].iter().map(|word| word.1.as_str());
                let is_it = after.take(rest.len()).eq(rest.iter().copied());
                if !is_it || phrase.except.iter().any(|except| path.starts_with(except)) {
                    continue;
                }
                let Phrase { says, instead, .. } = phrase;
                let line = words[at].0;
                wrong.push(format!("{path}:{line}: \"{says}\"; say: {instead}"));
            }
        }
    }
    wrong
}

/// The words of a page, or of a Rust file's comments, in lower case, with their lines.
fn prose(source: &Source) -> Vec<(usize, String)> {
    let text = if source.path.ends_with(".md") {
        &source.text
    } else if source.path.ends_with(".rs") {
        &source.comments
    } else {
        return Vec::new();
    };
    let is_letter = |c: char| c.is_alphanumeric() || matches!(c, '_' | '\'');
    let lines = text.lines().enumerate();
    lines
        .flat_map(|(number, line)| {
            let words = line.split(move |c| !is_letter(c));
            words
                .filter(|word| !word.is_empty())
                .map(move |word| (number + 1, word.to_lowercase()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Source, phrases};

    fn check(path: &str, text: &str) -> Vec<String> {
        phrases(&[Source::example(path, text)])
    }

    #[test]
    fn an_old_phrase_is_found_in_comments_and_pages() {
        let text = "//! Joins the\n//! line.\nfn bell() {} // a Bell\nconst A: &str = \"a bell\";";
        let wrong = check("core/src/a.rs", text);
        assert_eq!(wrong.len(), 2, "{wrong:?}");
        assert!(wrong[0].starts_with("core/src/a.rs:1: \"joins the line\""));
        assert!(wrong[1].starts_with("core/src/a.rs:3: \"bell\""));
        assert_eq!(check("docs/a.md", "It gives way.").len(), 1);
    }

    #[test]
    fn a_phrase_is_whole_words_and_may_be_the_fields_somewhere() {
        assert!(check("docs/a.md", "Doorbell, homely, unhanded over.").is_empty());
        assert!(check("os/src/driver/a.rs", "// the token").is_empty());
        assert_eq!(check("core/src/a.rs", "// the token").len(), 1);
    }
}
