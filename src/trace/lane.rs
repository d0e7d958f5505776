//! One direction of a connection: which bytes of the stream belong to which packet.

use std::ops::Range;

/// The packets that one side wrote, by their place in its byte stream.
#[derive(Clone, Debug, Default)]
pub struct Lane {
    /// For each packet: the offset of its first byte, and its row.
    starts: Vec<(u64, usize)>,
    written: u64,
}

impl Lane {
    /// The side writes `length` bytes: the packet with this row.
    pub fn write(&mut self, length: usize, row: usize) {
        self.starts.push((self.written, row));
        self.written += length as u64;
    }

    /// The place in the stream of a segment's first payload byte. Sequence numbers are 32 bits wide: of all the places that they fit, the last one
    /// written is meant, since only what was written is sent.
    #[must_use]
    pub fn offset(&self, seq: u32) -> u64 {
        const WRAP: u64 = 1 << 32;
        // The SYN has number 0, the first byte 1.
        let low = u64::from(seq.wrapping_sub(1));
        let mut offset = (self.written & !(WRAP - 1)) + low;
        if offset > self.written && offset >= WRAP {
            offset -= WRAP;
        }
        offset
    }

    /// The place in the stream right behind the last byte of the packet that was written as number `place`, from 0.
    #[must_use]
    pub fn end(&self, place: usize) -> u64 {
        self.range(place).end
    }

    /// The bytes of the stream that the packet with this place among all written ones covers.
    fn range(&self, place: usize) -> Range<u64> {
        let start = self.starts.get(place).map_or(self.written, |(start, _)| *start);
        let end = self.starts.get(place + 1).map_or(self.written, |(start, _)| *start);
        start..end
    }

    fn places_in(&self, bytes: Range<u64>) -> Range<usize> {
        let first = self.starts.partition_point(|(start, _)| *start <= bytes.start).saturating_sub(1);
        let last = self.starts.partition_point(|(start, _)| *start < bytes.end);
        first..last.max(first)
    }

    /// The rows of all packets of which a segment carries at least one byte.
    pub fn rows_in(&self, seq: u32, length: usize) -> impl Iterator<Item = usize> {
        let start = self.offset(seq);
        let places = if length == 0 { 0..0 } else { self.places_in(start..start + length as u64) };
        places.filter_map(|place| self.starts.get(place).map(|(_, row)| *row))
    }

    /// The rows of all packets whose last byte a segment carries, each with the offset in the segment right behind that byte.
    #[must_use]
    pub fn rows_completed_in(&self, seq: u32, length: usize) -> Vec<(usize, usize)> {
        let start = self.offset(seq);
        let end = start + length as u64;
        let places = if length == 0 { 0..0 } else { self.places_in(start..end) };
        places
            .filter_map(|place| {
                let packet_end = self.range(place).end;
                let row = self.starts.get(place)?.1;
                (packet_end > start && packet_end <= end).then(|| (row, usize::try_from(packet_end - start).unwrap_or(length)))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane() -> Lane {
        let mut lane = Lane::default();
        for (row, length) in [(4, 10), (5, 3), (9, 2_000)] {
            lane.write(length, row);
        }
        lane
    }

    #[test]
    fn a_segment_is_told_by_the_packets_whose_bytes_it_carries() {
        let lane = lane();
        assert_eq!(lane.rows_in(1, 10).collect::<Vec<_>>(), [4]);
        assert_eq!(lane.rows_in(11, 1).collect::<Vec<_>>(), [5]);
        assert_eq!(lane.rows_in(8, 7).collect::<Vec<_>>(), [4, 5, 9]);
        assert_eq!(lane.rows_in(1_000, 500).collect::<Vec<_>>(), [9]);
        assert_eq!(lane.rows_in(1, 0).count(), 0);
    }

    #[test]
    fn a_packet_is_complete_in_the_segment_with_its_last_byte() {
        let lane = lane();
        assert_eq!(lane.rows_completed_in(1, 13), [(4, 10), (5, 13)]);
        assert_eq!(lane.rows_completed_in(14, 1_460), []);
        assert_eq!(lane.rows_completed_in(1_474, 540), [(9, 540)]);
    }

    #[test]
    fn sequence_numbers_that_wrapped_are_told_from_the_first_ones() {
        let mut lane = Lane::default();
        lane.write(usize::try_from((1_u64 << 32) - 2).unwrap(), 0);
        lane.write(10, 1);
        // Offset 2³² − 2 has the number 2³² − 1, offset 2³² has 1.
        assert_eq!(lane.rows_in(u32::MAX, 2).collect::<Vec<_>>(), [1]);
        assert_eq!(lane.rows_in(1, 4).collect::<Vec<_>>(), [1]);
    }
}
