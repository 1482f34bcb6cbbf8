import Testing

/// The console in a real browser; one page at a time, so that each has the machine to itself.
@Suite("The console in a browser", .serialized, .timeLimit(.minutes(3)))
struct ConsoleTests {}
