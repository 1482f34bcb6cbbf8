import CatalogModel
import Invalidation
import Testing

@Suite("The line of a head between replicas")
struct HeadLineTests {
    private let epoch = Epoch("ffffffff-d9cb-469f-a165-70867728950e")
    private let former = Epoch("0f8fad5b-d9cb-469f-a165-70867728950e")

    private func head(_ line: [UInt8]) throws -> NamespaceHead? {
        guard case .head(let head) = try FeedWire.line(line) else { return nil }
        return head
    }

    @Test func aHeadArrivesWithItsLineage() throws {
        let sent = NamespaceHead(
            namespace: .default, epoch: epoch, revision: Revision(9), digest: 0xAB,
            lineage: Lineage("\(epoch) \(former):5"))
        var bytes: [UInt8] = []
        FeedWire.append(.head(sent), to: &bytes)
        let arrived = try #require(try head(bytes))
        #expect(arrived == sent)
        #expect(arrived.goesOn(from: Revision(5), of: former))
    }

    /// As replicas of earlier releases write it: then nothing is known to go on.
    @Test func aHeadWithoutLineageIsRead() throws {
        let line = #"["head","default","\#(epoch)",9,"00000000000000ab"]"#
        let arrived = try #require(try head(Array(line.utf8)))
        #expect(arrived.revision == Revision(9) && arrived.digest == 0xAB)
        #expect(arrived.lineage == .none)
    }

    @Test func aHeadThatIsCutShortIsRefused() {
        #expect(throws: FeedError.self) { try head(Array(#"["head","default"]"#.utf8)) }
    }
}
