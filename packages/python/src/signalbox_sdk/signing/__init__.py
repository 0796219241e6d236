"""Signatures: of deliveries, and of bodies that contain their own."""
