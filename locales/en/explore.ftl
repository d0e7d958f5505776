# What `explore` prints.
explore-tested = I{ $number } { $promise }: put to the test by { $seeds } seeds
explore-seed = seed { $seed }
explore-violation = { $promise } [{ $clause }] at { $at } s, record { $record }: { $what }
explore-small = seed { $seed } in { $events } events:
explore-saved = seed { $seed } in { $events } events: { $file }
explore-not-writable = The smallest scenario of seed { $seed } has something that a scenario file cannot say.
explore-not-saved = { $file } cannot be written: { $why }
explore-more-failed = { $count } more seeds failed.
explore-thread-died = A thread has died: not all seeds were run.
explore-summary = { $seeds } seeds, { $records } records, { $failed } failed
