//! The mean of the last values.

/// Values that a mean is made of.
const VALUES: usize = 4;

/// Smooths values: the mean of the last four.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    values: [i32; VALUES],
    /// Values that came so far, up to four.
    count: usize,
    next: usize,
}

impl Filter {
    /// A filter that has seen nothing.
    pub const fn new() -> Self {
        Self {
            values: [0; VALUES],
            count: 0,
            next: 0,
        }
    }

    /// Takes a value; returns the mean, once there were four.
    pub fn push(&mut self, value: i32) -> Option<i32> {
        self.values[self.next] = value;
        self.next = (self.next + 1) % VALUES;
        self.count = (self.count + 1).min(VALUES);
        (self.count == VALUES).then(|| self.mean()).flatten()
    }

    /// The mean of what came so far, of the last four at most.
    pub fn mean(&self) -> Option<i32> {
        let count = i64::try_from(self.count).ok().filter(|count| *count > 0)?;
        let sum: i64 = self.values[..self.count]
            .iter()
            .map(|value| i64::from(*value))
            .sum();
        i32::try_from(sum / count).ok()
    }

    /// Forgets all values.
    pub fn clear(&mut self) {
        *self = Self::new();
    }
}

#[cfg(test)]
mod tests {
    use super::Filter;

    #[test]
    fn a_mean_is_that_of_the_last_four() {
        let mut filter = Filter::new();
        assert_eq!(filter.mean(), None);
        assert_eq!([1, 2, 3].map(|value| filter.push(value)), [None; 3]);
        assert_eq!(filter.mean(), Some(2));
        assert_eq!(filter.push(6), Some(3));
        // The oldest value goes.
        assert_eq!(filter.push(9), Some(5));
        filter.clear();
        assert_eq!(filter.mean(), None);
    }

    #[test]
    fn the_largest_values_have_a_mean() {
        let mut filter = Filter::new();
        for value in [i32::MAX, i32::MAX, i32::MIN, i32::MIN] {
            let _mean = filter.push(value);
        }
        assert_eq!(filter.mean(), Some(0));
    }
}
