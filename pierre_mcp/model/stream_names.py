"""The names of streams: what is measured from sample to sample, units in names."""

TIME = "t_s"
COLUMNS = (
    TIME,
    "lat_deg",
    "lon_deg",
    "altitude_m",
    "distance_m",
    "speed_m_s",
    "heart_rate_bpm",
    "power_w",
    "cadence_rpm",
    "temperature_c",
    "form_power_w",
    "leg_spring_stiffness_kn_m",
    "ground_contact_ms",
    "vertical_oscillation_mm",
    "core_temperature_c",
    "depth_m",
)
