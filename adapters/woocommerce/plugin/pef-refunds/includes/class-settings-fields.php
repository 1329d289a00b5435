<?php
/**
 * The fields of the settings form.
 *
 * @package Pef_Refunds
 */

namespace Pef_Refunds;

defined( 'ABSPATH' ) || exit;

/**
 * Texts and choices only.
 */
final class Settings_Fields {

	/**
	 * Every field, in WooCommerce's form.
	 *
	 * @return array<string, array>
	 */
	public static function all(): array {
		return self::what() + self::how() + self::special();
	}

	/**
	 * What is connected to what.
	 */
	private static function what(): array {
		return array(
			'address'         => array(
				'title'       => __( 'Service address', 'pef-refunds' ),
				'type'        => 'text',
				'placeholder' => 'https://',
				'description' => __( 'You got it together with the one-time code.', 'pef-refunds' ),
				'default'     => Settings::DEFAULTS['address'],
			),
			'payment_methods' => array(
				'title'       => __( 'Payment methods', 'pef-refunds' ),
				'type'        => 'multiselect',
				'class'       => 'wc-enhanced-select',
				'options'     => self::methods(),
				'description' => __( 'Through which your store takes PagoEfectivo payments. Refunds of other orders are left alone.', 'pef-refunds' ),
				'default'     => Settings::DEFAULTS['payment_methods'],
			),
		);
	}

	/**
	 * How refunds are pressed and told.
	 */
	private static function how(): array {
		return array(
			'way'             => array(
				'title'       => __( 'The button', 'pef-refunds' ),
				'type'        => 'select',
				'options'     => array(
					'manual' => __( '"Refund manually": recorded at once, then decided', 'pef-refunds' ),
					'native' => __( '"Refund via …": decided first; what is refused is not recorded', 'pef-refunds' ),
				),
				'description' => __( 'Either way the money is paid by PagoEfectivo and not by hand.', 'pef-refunds' ),
				'default'     => Settings::DEFAULTS['way'],
			),
			'hold_until_paid' => array(
				'title'   => __( 'Tell the truth', 'pef-refunds' ),
				'type'    => 'checkbox',
				'label'   => __( 'Send the "refunded" mail and set the status "Refunded" only when the money has moved', 'pef-refunds' ),
				'default' => Settings::DEFAULTS['hold_until_paid'],
			),
			'on_failure'      => array(
				'title'       => __( 'A refund that paid nothing', 'pef-refunds' ),
				'type'        => 'select',
				'options'     => array(
					'leave'  => __( 'stays on the order, marked, until you delete it', 'pef-refunds' ),
					'delete' => __( 'is taken off the order by itself, with a note', 'pef-refunds' ),
				),
				'description' => __( 'Rejected, failed, or its payment was reversed.', 'pef-refunds' ),
				'default'     => Settings::DEFAULTS['on_failure'],
			),
		);
	}

	/**
	 * What few stores need.
	 */
	private static function special(): array {
		return array(
			'special'             => array(
				'title' => __( 'Seldom needed', 'pef-refunds' ),
				'type'  => 'title',
			),
			'transaction_id_from' => array(
				'title'       => __( 'Where the CIP stands', 'pef-refunds' ),
				'type'        => 'text',
				'description' => __( 'transaction_id, or meta:NAME for a field of the order.', 'pef-refunds' ),
				'default'     => Settings::DEFAULTS['transaction_id_from'],
			),
			'auth'                => array(
				'title'   => __( 'How keys travel', 'pef-refunds' ),
				'type'    => 'select',
				'options' => array(
					'auto'   => __( 'find out when connecting', 'pef-refunds' ),
					'header' => __( 'in the Authorization header', 'pef-refunds' ),
					'query'  => __( 'in the address, over https: for hosts that strip the header', 'pef-refunds' ),
				),
				'default' => Settings::DEFAULTS['auth'],
			),
			'console'             => array(
				'title'       => __( 'Console address', 'pef-refunds' ),
				'type'        => 'text',
				'description' => __( 'Where links to a refund lead. Empty: the service address and /console.', 'pef-refunds' ),
				'default'     => Settings::DEFAULTS['console'],
			),
		);
	}

	/**
	 * The store's payment methods by name and id; chosen ones stay even if they are gone.
	 *
	 * @return array<string, string>
	 */
	private static function methods(): array {
		$methods = array_combine( Settings::payment_methods(), Settings::payment_methods() );
		foreach ( WC()->payment_gateways()->payment_gateways() as $gateway ) {
			$methods[ $gateway->id ] = wp_strip_all_tags( $gateway->get_method_title() ) . ' (' . $gateway->id . ')';
		}
		return $methods;
	}
}
