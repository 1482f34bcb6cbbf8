/// A queue with cheap removal at the front.
struct FIFO<Element> {
    private var storage: [Element] = []
    private var head = 0

    var count: Int { storage.count - head }
    var isEmpty: Bool { count == 0 }
    var first: Element? { head < storage.count ? storage[head] : nil }
    var elements: ArraySlice<Element> { storage[head...] }

    mutating func append(_ element: Element) { storage.append(element) }

    mutating func prepend(_ element: Element) { storage.insert(element, at: head) }

    mutating func popFirst() -> Element? {
        guard head < storage.count else { return nil }
        let element = storage[head]
        head += 1
        if head == storage.count {
            storage.removeAll(keepingCapacity: true)
            head = 0
        } else if head > 64, head * 2 > storage.count {
            storage.removeFirst(head)
            head = 0
        }
        return element
    }

    /// Changes the front element in place; does nothing when empty.
    mutating func updateFirst(_ change: (inout Element) -> Void) {
        if head < storage.count { change(&storage[head]) }
    }

    mutating func removeAll(where matches: (Element) -> Bool) {
        storage.removeFirst(head)
        head = 0
        storage.removeAll(where: matches)
    }

    /// Empties the queue and hands out what was in it.
    mutating func drain() -> [Element] {
        let all = Array(elements)
        self = FIFO()
        return all
    }
}
