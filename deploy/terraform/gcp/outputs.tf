output "address" {
  description = "Where clients find the server: turn:ADDRESS:3478."
  value       = google_compute_address.puente.address
}
