//! What is chosen on the screen: column, order, filter, position.

use super::columns::{Column, columns};
use super::sample::Sample;
use crate::arguments::Options;

/// What is chosen.
#[derive(Debug)]
pub(super) struct State {
    pub(super) by_place: bool,
    pub(super) sort: usize,
    pub(super) is_reversed: bool,
    pub(super) filter: String,
    /// The filter is being typed.
    pub(super) is_typing: bool,
    pub(super) is_paused: bool,
    pub(super) has_help: bool,
    /// Rows above the first that is shown.
    pub(super) scroll: usize,
    /// Why the last look failed.
    pub(super) failure: Option<String>,
}

/// What a key asks the screen for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Request {
    Nothing,
    Look,
    Quit,
}

fn position(by_place: bool, key: &str) -> Option<usize> {
    columns(by_place)
        .iter()
        .position(|column| column.key == key)
}

impl State {
    /// # Errors
    /// If there is no such column.
    pub(super) fn new(options: &Options) -> Result<Self, String> {
        let by_place = options.by_place;
        let wanted = options.sort.as_deref();
        let default = if by_place { "busy_seconds" } else { "share" };
        let Some(sort) = position(by_place, wanted.unwrap_or(default)) else {
            let keys: Vec<_> = columns(by_place).iter().map(|column| column.key).collect();
            return Err(format!("--sort needs one of {}", keys.join(", ")));
        };
        Ok(Self {
            by_place,
            sort,
            is_reversed: options.reverse,
            filter: options.filter.clone().unwrap_or_default(),
            is_typing: false,
            is_paused: false,
            has_help: false,
            scroll: 0,
            failure: None,
        })
    }

    pub(super) fn columns(&self) -> &'static [Column] {
        columns(self.by_place)
    }

    /// Sorts the rows of `sample` as chosen.
    pub(super) fn sort(&self, sample: &mut Sample) {
        let column = self.columns()[self.sort];
        let mut rows = std::mem::take(&mut sample.tasks);
        rows.sort_by(|a, b| {
            let order = column.order(a, b, sample);
            if self.is_reversed {
                order.reverse()
            } else {
                order
            }
        });
        sample.tasks = rows;
    }

    /// Does what the letter `key` stands for.
    pub(super) fn press(&mut self, key: char) -> Request {
        if self.is_typing {
            self.filter.push(key);
            return Request::Look;
        }
        let count = self.columns().len();
        match key {
            'q' => return Request::Quit,
            '?' | 'h' => self.has_help = !self.has_help,
            '/' => self.is_typing = true,
            'p' | ' ' => self.is_paused = !self.is_paused,
            'r' => self.is_reversed = !self.is_reversed,
            '>' | 's' => self.sort = (self.sort + 1) % count,
            '<' => self.sort = (self.sort + count - 1) % count,
            'j' => self.scroll = self.scroll.saturating_add(1),
            'k' => self.scroll = self.scroll.saturating_sub(1),
            'g' => {
                self.by_place = !self.by_place;
                self.sort = position(self.by_place, "busy_seconds").unwrap_or(0);
                self.scroll = 0;
                return Request::Look;
            }
            _ => {}
        }
        Request::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::{Options, Request, State};

    #[test]
    fn keys_choose() {
        let mut state = State::new(&Options::default()).unwrap();
        let first = state.sort;
        state.press('>');
        state.press('<');
        assert_eq!(state.sort, first);
        for _ in 0..state.columns().len() {
            state.press('s');
        }
        assert_eq!(state.sort, first);
        state.press('/');
        for letter in "q/".chars() {
            assert_eq!(state.press(letter), Request::Look);
        }
        assert_eq!(state.filter, "q/");
        state.is_typing = false;
        assert_eq!(state.press('g'), Request::Look);
        assert!(state.by_place);
        assert_eq!(state.press('q'), Request::Quit);
    }

    #[test]
    fn a_column_that_there_is_not_is_refused() {
        let options = Options {
            sort: Some("color".to_owned()),
            ..Options::default()
        };
        let error = State::new(&options).unwrap_err();
        assert!(
            error.starts_with("--sort needs one of id, name, "),
            "{error}"
        );
    }
}
