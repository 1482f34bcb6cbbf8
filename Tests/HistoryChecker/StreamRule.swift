/// A change stream is the log: ordered, gapless, nothing twice, nothing that is not there.
enum StreamRule {
    static func check(_ era: Era, into checker: inout HistoryChecker) {
        for stream in era.streams {
            var last = stream.from
            for row in stream.rows {
                checker.expect(
                    row.revision == last || row.revision == last + 1, .gaplessStream, [],
                    "\(stream.name): \(last) is followed by \(row.revision)")
                last = max(last, row.revision)
            }
            let received = Set(stream.rows)
            checker.expect(
                received.count == stream.rows.count, .gaplessStream, [],
                "\(stream.name): something came twice")
            let expected = Set(
                era.log.filter {
                    $0.register.namespace == stream.namespace && $0.revision > stream.from
                        && $0.revision <= last
                })
            checker.expect(
                received == expected, .gaplessStream, [],
                "\(stream.name): \(expected.subtracting(received).count) changes are missing, "
                    + "\(received.subtracting(expected).count) are not in the log")
        }
    }
}
