"""The OPC UA door: events from a plant's journal, job orders by ISA-95 Job Control (OPC 10031-4)."""
