import Foundation
import Telemetry
import Testing

@Suite("Facts about the machine")
struct MachineFactsTests {
    @Test("the processors that the process may run on are counted as nproc counts them")
    func allowedProcessors() throws {
        let nproc = Process()
        nproc.executableURL = URL(filePath: "/usr/bin/nproc")
        // Without OMP_NUM_THREADS, which nproc obeys as well.
        nproc.environment = [:]
        let output = Pipe()
        nproc.standardOutput = output
        try nproc.run()
        let printed = output.fileHandleForReading.readDataToEndOfFile()
        nproc.waitUntilExit()
        let count = Int(String(decoding: printed.dropLast(), as: UTF8.self))
        #expect(count != nil)
        #expect(MachineFacts.allowedProcessors == count)
    }

    @Test("boot and host have names")
    func names() {
        #expect(MachineFacts.bootID.count == 36)
        #expect(!MachineFacts.hostName.isEmpty)
    }
}
