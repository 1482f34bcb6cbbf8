import CatalogModel
import Testing

@testable import Invalidation

@Suite("A hint")
struct HintTests {
    private let epoch = Epoch("0f8fad5b-d9cb-469f-a165-70867728950e")

    @Test func survivesTheWire() throws {
        let longest = try Namespace(String(repeating: "n", count: 63))
        for revision in [0, 1, UInt64(Int64.max), UInt64.max] {
            let hint = Hint(epoch: epoch, namespace: longest, revision: Revision(revision))
            #expect(Hint(payload: hint.payload) == hint)
            #expect(hint.payload.utf8.count <= Hint.maxPayloadBytes)
        }
        #expect(Hint(payload: "0f8fad5b:default:42")?.revision == Revision(42))
    }

    @Test(arguments: [
        "", ":", "::", ":::", "0f8fad5b:default", "0f8fad5b:default:", "0f8fad5b:default:1:",
        "0f8fad5b:default:-1", "0f8fad5b:default:+1", "0f8fad5b:default:01",
        "0f8fad5b:default: 1", "0f8fad5b:default:1\n", "0f8fad5b:default:18446744073709551616",
        "0f8fad5b:default:1e3", "0f8fad5b::1", "0f8fad5b:De fault:1", "0f8fad5b:../x:1",
        "0f8fad5:default:1", "0f8fad5bd:default:1", ":default:1", "0f8fad5b:default:١",
        "{\"epoch\":\"0f8fad5b\"}",
    ])
    func isNothingElse(_ payload: String) {
        #expect(Hint(payload: payload) == nil)
    }

    @Test(
        "Few writes are told of at once; the more there are in a second, the more share a message")
    func pace() {
        func interval(_ writes: Int, in milliseconds: Int) -> Duration {
            HintPublisher.interval(for: writes, since: .milliseconds(milliseconds))
        }
        let least = FeedLimits.notifyInterval
        #expect(interval(0, in: 0) == least)
        #expect(interval(1, in: 0) == least)
        #expect(interval(2, in: 5) == least)
        #expect(interval(100, in: 1_000) == least)
        #expect(interval(8, in: 10) == least * 2)
        #expect(interval(16, in: 20) == least * 2)
        #expect(interval(1_000, in: 5) == FeedLimits.maxNotifyInterval)
        #expect(interval(.max, in: 1) == FeedLimits.maxNotifyInterval)
    }

    @Test func isNeverLong() {
        for length in [97, 1_000, 7_999] {
            #expect(Hint(payload: String(repeating: "a", count: length)) == nil)
            let digits = String(repeating: "1", count: length)
            #expect(Hint(payload: "0f8fad5b:default:" + digits) == nil)
        }
    }

    @Test func survivesAnyBytes() throws {
        var random = SeededGenerator(seed: 1)
        let valid = Array("0f8fad5b:default:42".utf8)
        for _ in 0..<20_000 {
            var bytes = valid
            for _ in 0...Int.random(in: 0...3, using: &random) {
                let byte = UInt8.random(in: 0...255, using: &random)
                let index = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0...2, using: &random) {
                case 0: bytes[index] = byte
                case 1: bytes.insert(byte, at: index)
                default: if bytes.count > 1 { bytes.remove(at: index) }
                }
            }
            let payload = String(decoding: bytes, as: UTF8.self)
            if let hint = Hint(payload: payload) { #expect(hint.payload == payload) }
        }
    }

    /// Whatever a hint says, it moves no cursor and costs one range read at the most.
    @Test func costsOneReadAtMost() throws {
        let namespace = try Namespace("default")
        let head = NamespaceHead(
            namespace: namespace, epoch: epoch, revision: Revision(5), digest: 7)
        var machine = FeedMachine()
        machine.admitted(head)
        let hints = ["0f8fad5b", "ffffffff"].flatMap { prefix in
            ["0", "5", "6", "\(UInt64.max)"].map { "\(prefix):default:\($0)" }
        }
        .compactMap { Hint(payload: $0) }
        var tickets: [FeedMachine.Ticket] = []
        for hint in hints + hints {
            for action in machine.hinted(hint) {
                guard case .readRange(namespace, let after, let ticket) = action else {
                    Issue.record("\(action)")
                    continue
                }
                #expect(after == Revision(5))
                tickets.append(ticket)
            }
        }
        try #require(tickets.count == 1)
        let next = machine.rangeRead(head, ticket: tickets[0], isComplete: true, asOf: .now)
        guard case .readRange(_, _, let ticket)? = next.first, next.count == 1 else {
            Issue.record("what came during the read asks for one more, not \(next)")
            return
        }
        #expect(machine.rangeRead(head, ticket: ticket, isComplete: true, asOf: .now).isEmpty)
        #expect(machine.lag(namespace) == 0)
        #expect(machine.retry().isEmpty)
    }
}
