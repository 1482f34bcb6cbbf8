import CatalogModel
import Testing

@Suite("The lineage of an epoch")
struct LineageTests {
    private static let present = Epoch("cccccccc-d9cb-469f-a165-70867728950e")
    private static let middle = Epoch("bbbbbbbb-d9cb-469f-a165-70867728950e")
    private static let oldest = Epoch("aaaaaaaa-d9cb-469f-a165-70867728950e")
    private static let stranger = Epoch("ffffffff-d9cb-469f-a165-70867728950e")
    private static let text = "\(present) \(middle):40 \(oldest):7"

    private func head(
        _ revision: UInt64, _ epoch: Epoch = Self.present, digest: UInt64 = 0,
        lineage: String = Self.text
    ) -> NamespaceHead {
        NamespaceHead(
            namespace: .default, epoch: epoch, revision: Revision(revision), digest: digest,
            lineage: Lineage(lineage))
    }

    @Test("names the last revision that an earlier history shares")
    func shared() {
        let lineage = Lineage(Self.text)
        #expect(lineage.lastShared(with: Self.middle.text, by: Self.present) == Revision(40))
        #expect(lineage.lastShared(with: Self.oldest.prefix, by: Self.present) == Revision(7))
        #expect(lineage.lastShared(with: Self.stranger.text, by: Self.present) == nil)
        #expect(lineage.lastShared(with: Self.present.text, by: Self.present) == nil)
        #expect(lineage.lastShared(with: "", by: Self.present) == nil)
    }

    @Test("says nothing of another epoch, and nothing that it does not say exactly")
    func foreign() {
        let lineage = Lineage(Self.text)
        #expect(lineage.lastShared(with: Self.oldest.text, by: Self.middle) == nil)
        #expect(Lineage.none.lastShared(with: Self.oldest.text, by: Self.present) == nil)
        for entry in ["", ":", ":x", ":-1", ":4:5", ":+4"] {
            let broken = Lineage("\(Self.present) \(Self.oldest)\(entry)")
            #expect(broken.lastShared(with: Self.oldest.text, by: Self.present) == nil)
        }
    }

    @Test("lets a head go on from what both histories have, and from nothing else")
    func goesOn() {
        for (revision, epoch, isKept) in [
            (40, Self.middle, true), (41, Self.middle, false), (7, Self.oldest, true),
            (8, Self.oldest, false), (0, Self.stranger, false),
        ] {
            let seen = head(UInt64(revision), epoch)
            #expect(head(50).goesOn(from: seen.revision, of: epoch) == isKept)
            #expect(seen.precedes(head(50)) == isKept)
        }
        // A head that is not there yet cannot have what the text promises.
        #expect(!head(39).goesOn(from: Revision(40), of: Self.middle))
        #expect(head(50).precedes(head(50)) && head(50).precedes(head(51)))
        #expect(!head(50).precedes(head(49)) && !head(50).precedes(head(50, digest: 1)))
    }
}
