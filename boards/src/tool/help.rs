//! The text of `--help`.

/// What `--help` prints.
pub(crate) const HELP: &str = "\
Builds, runs and deploys programs for boards.

Usage: selkie-boards COMMAND [ARGUMENTS]

Firmware of yours:
  new NAME --chip CHIP                makes a project for a chip: two tasks, a channel, logs
  build BOARD --manifest-path PATH    builds it, also with Debian's compiler
  run BOARD --manifest-path PATH      builds it, and writes it into the chip by probe-rs

Programs of yours, for a board with Linux:
  build BOARD --manifest-path PATH    builds a package for the board: static, stripped
  deploy BOARD HOST --manifest-path PATH
                                      builds it, brings it to HOST by ssh, and runs it as a hardened service

Programs of this repository:
  list                 names the boards
  build BOARD          builds the board's test program
  build BOARD PROGRAM  builds another program: `blink`, or an example of the workspace
  test BOARD           builds the test program and runs it, emulated; its exit status is the outcome
  run BOARD PROGRAM    builds and runs another program
  boot BOARD           boots a guest whose first process is the test program
  repeat BOARD RUNS    runs the test program so many times, and says how often it passed
  size BOARD           how much flash and RAM the firmware takes
  cost BOARD           how many instructions the executor takes, beside another one
  stack BOARD          how much stack tasks take, and a program in all
  table                the sizes of all firmware, stack and instructions, as rows of tables

Options of `build`, `run` and `deploy`:
      --manifest-path PATH  the Cargo.toml of your package
      --bin NAME            which of its programs, if it has several
      --example NAME        an example of it
      --features LIST       features of it, with commas between
      --symbols             keeps the symbols, which dumps and backtraces name functions by
Options of `deploy`:
      --name NAME           what the service is called; the program's name otherwise
      --unit FILE           a unit of your own, instead of the hardened one
      --dry-run             prints what would be done

  -h, --help                this text

A package that is missing on this machine is named, with the command that installs it. HOST is what ssh knows: a name, or USER@NAME; the user is
root or may use sudo without a password.";
