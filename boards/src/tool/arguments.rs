//! The command line, read by `lexopt`.

use std::path::PathBuf;

use lexopt::prelude::{Long, Short, Value, ValueExt};
use lexopt::{Arg, Parser};

use crate::own_program::{CargoTarget, OwnProgram};

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Help,
    List,
    Build {
        board: String,
        program: Option<String>,
    },
    BuildOwn {
        board: String,
        program: OwnProgram,
    },
    RunOwn {
        board: String,
        program: OwnProgram,
    },
    Deploy(Deployment),
    New {
        name: String,
        chip: String,
    },
    Test(String),
    Run {
        board: String,
        program: String,
    },
    Boot(String),
    Repeat {
        board: String,
        runs: usize,
    },
    Size(String),
    Cost(String),
    Stack(String),
    Table,
}

/// What is to be deployed, and where.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Deployment {
    pub(crate) board: String,
    pub(crate) host: String,
    pub(crate) program: OwnProgram,
    pub(crate) name: Option<String>,
    pub(crate) unit: Option<PathBuf>,
    pub(crate) is_dry: bool,
}

/// The options, as they stand.
#[derive(Debug, Default)]
struct Options {
    manifest: Option<PathBuf>,
    bin: Option<String>,
    example: Option<String>,
    features: Option<String>,
    keeps_symbols: bool,
    name: Option<String>,
    unit: Option<PathBuf>,
    is_dry: bool,
    chip: Option<String>,
    /// One of them, for complaints.
    first: Option<&'static str>,
}

/// What the command line asks for.
///
/// # Errors
/// What is not understood, in a sentence.
pub(crate) fn parse(mut parser: Parser) -> Result<Action, String> {
    let (mut words, mut options) = (Vec::new(), Options::default());
    let said = |error: lexopt::Error| error.to_string();
    while let Some(argument) = parser.next().map_err(said)? {
        match argument {
            Value(word) => words.push(word.string().map_err(said)?),
            Long("help") | Short('h') => return Ok(Action::Help),
            other => {
                let known = options.read(&other)?;
                options.take(known, &mut parser).map_err(said)?;
            }
        }
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    options.action(&words)
}

impl Options {
    /// CargoTarget option this is.
    fn read(&mut self, argument: &Arg<'_>) -> Result<&'static str, String> {
        const KNOWN: [&str; 9] = [
            "chip",
            "manifest-path",
            "bin",
            "example",
            "features",
            "symbols",
            "name",
            "unit",
            "dry-run",
        ];
        let known = KNOWN.into_iter().find(|known| *argument == Long(known));
        let known = known.ok_or_else(|| match argument {
            Long(name) => format!("there is no option --{name}"),
            Short(letter) => format!("there is no option -{letter}"),
            Value(word) => format!("{word:?} is not understood"),
        })?;
        self.first.get_or_insert(known);
        Ok(known)
    }

    /// Takes the value of the option `known`, if it has one.
    fn take(&mut self, known: &str, parser: &mut Parser) -> Result<(), lexopt::Error> {
        match known {
            "manifest-path" => self.manifest = Some(parser.value()?.into()),
            "bin" => self.bin = Some(parser.value()?.string()?),
            "example" => self.example = Some(parser.value()?.string()?),
            "features" => self.features = Some(parser.value()?.string()?),
            "chip" => self.chip = Some(parser.value()?.string()?),
            "name" => self.name = Some(parser.value()?.string()?),
            "unit" => self.unit = Some(parser.value()?.into()),
            "symbols" => self.keeps_symbols = true,
            _ => self.is_dry = true,
        }
        Ok(())
    }

    fn action(self, words: &[&str]) -> Result<Action, String> {
        let own = |word: &str| word.to_owned();
        match *words {
            [command @ ("build" | "run"), board] if self.manifest.is_some() => {
                self.refuse_of_deploy()?;
                let board = own(board);
                let program = self.program()?;
                Ok(match command {
                    "build" => Action::BuildOwn { board, program },
                    _ => Action::RunOwn { board, program },
                })
            }
            ["new", name] => {
                check_name(name)?;
                let chip = self
                    .chip
                    .ok_or("--chip is missing: `list` names the chips")?;
                let name = own(name);
                Ok(Action::New { name, chip })
            }
            ["new", ..] => Err("new takes a name".to_owned()),
            ["deploy", board, host] => self.deployment(own(board), own(host)).map(Action::Deploy),
            ["deploy", ..] => Err("deploy takes a board and a host".to_owned()),
            _ => {
                if let Some(first) = self.first {
                    let why =
                        "goes with `new`, `build BOARD --manifest-path PATH` and `deploy` only";
                    return Err(format!("--{first} {why}"));
                }
                of_this_repository(words)
            }
        }
    }

    fn refuse_of_deploy(&self) -> Result<(), String> {
        let given = [
            (self.name.is_some(), "--name"),
            (self.unit.is_some(), "--unit"),
            (self.is_dry, "--dry-run"),
            (self.chip.is_some(), "--chip"),
        ];
        match given.iter().find(|(is_given, _)| *is_given) {
            Some((_, option)) => Err(format!("{option} does not go with a program that is built")),
            None => Ok(()),
        }
    }

    fn program(&self) -> Result<OwnProgram, String> {
        let manifest = self.manifest.clone();
        let manifest =
            manifest.ok_or("--manifest-path is missing: the Cargo.toml of your package")?;
        let target = match (self.bin.clone(), self.example.clone()) {
            (None, None) => CargoTarget::Only,
            (Some(name), None) => CargoTarget::Bin(name),
            (None, Some(name)) => CargoTarget::Example(name),
            (Some(_), Some(_)) => return Err("--bin and --example exclude each other".to_owned()),
        };
        Ok(OwnProgram {
            manifest,
            target,
            features: self.features.clone(),
            keeps_symbols: self.keeps_symbols,
        })
    }

    fn deployment(self, board: String, host: String) -> Result<Deployment, String> {
        // ssh would take it for an option.
        if host.starts_with('-') || host.is_empty() {
            return Err(format!("{host:?} is no host"));
        }
        let program = self.program()?;
        if let Some(name) = &self.name {
            check_name(name)?;
        }
        Ok(Deployment {
            board,
            host,
            program,
            name: self.name,
            unit: self.unit,
            is_dry: self.is_dry,
        })
    }
}

/// Checks that a service or a project can have this name, which stands in paths and in commands.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check_name(name: &str) -> Result<(), String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    let is_good = name.bytes().all(is_plain) && !name.starts_with('-');
    if is_good && (1..=64).contains(&name.len()) {
        return Ok(());
    }
    Err(format!(
        "{name:?} cannot be a name: 1 to 64 of a-z, A-Z, 0-9, _ and -, and no - before them"
    ))
}

fn of_this_repository(words: &[&str]) -> Result<Action, String> {
    let own = |word: &str| word.to_owned();
    Ok(match *words {
        [] => Action::Help,
        ["list"] => Action::List,
        ["build", board] => Action::Build {
            board: own(board),
            program: None,
        },
        ["build", board, program] => Action::Build {
            board: own(board),
            program: Some(own(program)),
        },
        ["test", board] => Action::Test(own(board)),
        ["run", board, program] => Action::Run {
            board: own(board),
            program: own(program),
        },
        ["boot", board] => Action::Boot(own(board)),
        ["repeat", board, runs] => Action::Repeat {
            board: own(board),
            runs: runs
                .parse()
                .map_err(|_| format!("{runs:?} is not a number of runs"))?,
        },
        ["size", board] => Action::Size(own(board)),
        ["cost", board] => Action::Cost(own(board)),
        ["stack", board] => Action::Stack(own(board)),
        ["table"] => Action::Table,
        _ => return Err(format!("`{}` is not understood", words.join(" "))),
    })
}

#[cfg(test)]
mod tests {
    use super::{Action, check_name, parse};

    fn read(words: &str) -> Result<Action, String> {
        parse(lexopt::Parser::from_args(words.split_whitespace()))
    }

    #[test]
    fn own_programs_are_built_and_deployed() {
        let Ok(Action::BuildOwn { board, program }) =
            read("build pi-zero --manifest-path a/Cargo.toml --bin b --features x,y")
        else {
            panic!("it is understood");
        };
        assert_eq!(
            (&*board, program.features.as_deref()),
            ("pi-zero", Some("x,y"))
        );
        assert!(!program.keeps_symbols);
        let Ok(Action::Deploy(deployment)) =
            read("deploy pi-zero me@pi --manifest-path Cargo.toml --symbols --name tide --dry-run")
        else {
            panic!("it is understood");
        };
        assert_eq!((&*deployment.host, deployment.is_dry), ("me@pi", true));
        assert_eq!(deployment.name.as_deref(), Some("tide"));
        assert!(deployment.program.keeps_symbols);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (words, why) in [
            ("frobnicate", "`frobnicate` is not understood"),
            (
                "list --bin x",
                "--bin goes with `new`, `build BOARD --manifest-path PATH` and `deploy` only",
            ),
            ("list --color", "there is no option --color"),
            ("repeat cortex-m0 x", "is not a number of runs"),
            ("new", "new takes a name"),
            ("new tide", "--chip is missing"),
            ("new a/b --chip rp2040", "cannot be a name"),
            ("deploy pi-zero", "deploy takes a board and a host"),
            ("deploy pi-zero host", "--manifest-path is missing"),
            (
                "deploy pi-zero host --manifest-path",
                "missing argument for option '--manifest-path'",
            ),
            (
                "build pi-zero --manifest-path x --bin a --example b",
                "exclude each other",
            ),
            (
                "build pi-zero --manifest-path x --dry-run",
                "--dry-run does not go with a program that is built",
            ),
            (
                "deploy pi-zero host --manifest-path x --name a;b",
                "cannot be a name",
            ),
        ] {
            let error = read(words).expect_err(words);
            assert!(error.contains(why), "{words}: {error}");
        }
        let option = ["deploy", "pi-zero", "--", "-oProxyCommand=x"];
        let error = parse(lexopt::Parser::from_args(option)).expect_err("an option of ssh");
        assert!(error.contains("is no host"), "{error}");
    }

    #[test]
    fn names_stand_in_paths_and_commands() {
        let (longest, longer) = ("a".repeat(64), "a".repeat(65));
        for good in ["a", "tide-gauge_2", &longest] {
            assert_eq!(check_name(good), Ok(()), "{good}");
        }
        for bad in ["", "-a", "a b", "a/b", "ä", "a.service", &longer] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn help_is_printed_for_each_command() {
        for words in ["", "--help", "deploy --help", "build -h"] {
            assert_eq!(read(words), Ok(Action::Help), "{words}");
        }
    }
}
