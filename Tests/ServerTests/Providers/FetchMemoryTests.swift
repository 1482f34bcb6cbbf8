import CatalogModel
import Testing
import WritePath

@testable import Server

@Suite struct `What was fetched` {
    private func definition(_ id: String) -> SourceDefinition {
        SourceDefinition(plugin: "skills", id: id, name: id, type: "http")
    }

    private func entry(_ tag: String, bytes: Int) -> FetchMemory.Entry {
        FetchMemory.Entry(validator: tag, source: LoadedSource(entities: []), bytes: bytes)
    }

    @Test func `is known for the source as it is configured`() {
        let memory = FetchMemory()
        memory.remember(entry("1", bytes: 1), for: definition("a"))
        #expect(memory.entry(for: definition("a"))?.validator == "1")
        var other = definition("a")
        other.properties = ["url": "https://other/"]
        #expect(memory.entry(for: other) == nil)
        memory.remember(entry("2", bytes: 1), for: definition("a"))
        #expect(memory.entry(for: definition("a"))?.validator == "2")
    }

    @Test func `gives way when it is too much, what was not used for longest first`() {
        let memory = FetchMemory()
        let half = ProviderLimits.memoryBytes / 2
        memory.remember(entry("a", bytes: half), for: definition("a"))
        memory.remember(entry("b", bytes: half), for: definition("b"))
        _ = memory.entry(for: definition("a"))
        memory.remember(entry("c", bytes: half), for: definition("c"))
        #expect(memory.entry(for: definition("a")) != nil)
        #expect(memory.entry(for: definition("b")) == nil)
        #expect(memory.entry(for: definition("c")) != nil)
        memory.remember(entry("d", bytes: half * 3), for: definition("d"))
        #expect(memory.entry(for: definition("d")) == nil)
        for number in 0...ProviderLimits.memorySources {
            memory.remember(entry("n", bytes: 0), for: definition("n\(number)"))
        }
        #expect(memory.entry(for: definition("n0")) == nil)
        #expect(memory.entry(for: definition("n1")) != nil)
    }
}
