import CatalogModel
import Compression
import NIOCore
import ReadPath
import Sockets

extension LaneCore {
    /// Writes the head of a page of a list that was rendered before; nil when there is none.
    ///
    /// The body follows in `output` or, if it is large, in `body`, shared with all other answers.
    mutating func sendPage(
        _ request: LaneRequest, _ bytes: Span<UInt8>, _ target: LaneRoutes.Target,
        _ place: LaneNamespace
    ) -> Sent? {
        // Asked before the cache is read: what is proven later may not be in the snapshot.
        let proven = place.reader.cache.freshness.provenNanoseconds
        guard proven > 0,
            let page = place.reader.page(forTarget: bytes.extracting(request.target)),
            page.kind.number == target.kind.number
        else { return nil }
        let now = Freshness.nowNanoseconds
        let age = max(0, now - proven)
        guard age <= lane.ageLimit else { return nil }
        if !request.ifNoneMatch.isEmpty {
            // A tag of a revision that this replica has not reached is a promise to wait for it.
            guard let known = LaneCondition.pageTag(bytes.extracting(request.ifNoneMatch)),
                known.tag.revision <= place.reader.revision
            else { return nil }
            if known.tag == page.tag {
                head.beginPage(
                    of: target.kind.number, page.tag, known.coding, isKnown: true, &output)
                place.stamp(&output, age: age)
                finishHead(request, bytes)
                return Sent(status: 304, bodyBytes: 0, now: now)
            }
        }
        guard let (coding, form) = form(of: page, request, bytes) else { return nil }
        head.beginPage(of: target.kind.number, page.tag, coding, isKnown: false, &output)
        place.stamp(&output, age: age)
        finish(request, bytes, with: form, in: coding)
        return Sent(status: 200, bodyBytes: form.readableBytes, now: now)
    }

    /// Ends a head that was begun, and sends a body that others share after it.
    mutating func finish(
        _ request: LaneRequest, _ bytes: Span<UInt8>, with form: ByteBuffer,
        in coding: ContentCoding
    ) {
        head.describe(coding, bodyBytes: form.readableBytes, &output)
        finishHead(request, bytes)
        guard !request.isHead else { return }
        if form.readableBytes <= LaneLimits.copiedPageBytes {
            output.append(form.readableBytesUInt8Span)
        } else {
            body = form
        }
    }

    /// The form of a page that the client prefers, if it is at hand.
    private mutating func form(
        of page: RenderedPage, _ request: LaneRequest, _ bytes: Span<UInt8>
    ) -> (ContentCoding, ByteBuffer)? {
        let choice = codings.choice(bytes.extracting(request.acceptEncoding))
        let served = page.companion { ServedPage($0.body) }
        return (served.isWorthCompressing ? choice.large : choice.small).flatMap {
            served.ready($0, orPlain: choice.acceptsPlain)
        }
    }
}
